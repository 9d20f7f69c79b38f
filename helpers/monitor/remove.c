#define _GNU_SOURCE
#include "remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"

/* Deeper folders are moved up to the top: a container may have nested them a million deep. */
enum { DEPTH_MAX = 16, ENTRIES_SIZE = 4096 };

struct removal {
  int top;         /* where deep folders are moved to */
  unsigned moved;  /* how many have been */
  int first_error;
};

static void note(struct removal *removal, int error)
{
  if (removal->first_error == 0)
    removal->first_error = error;
}

/* Lets us into a folder that its owner has closed. True where that may have helped. */
static bool open_up(int directory, const char *name)
{
  char path[64];
  _cleanup_fd_ int fd = openat(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return false;
  (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return chmod(path, 0700) == 0;
}

static bool detach(int directory, const char *name)
{
  char path[64 + NAME_MAX];
  /* By the folder's descriptor: the way to it may be longer than a path. */
  return (size_t)snprintf(path, sizeof path, "/proc/self/fd/%d/%s", directory, name) < sizeof path &&
         umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0;
}

/* Opens a folder for listing unless something is mounted on it (EXDEV). */
static int open_folder(int directory, const char *name)
{
  struct open_how how = {
      .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
      .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
  };
  int fd = (int)syscall(SYS_openat2, directory, name, &how, sizeof how);
  if (fd >= 0 || errno != ENOSYS)
    return fd;
  /* Before kernel 5.6, or under a filter that doesn't know the call. */
  struct stat outer, inner;
  _cleanup_fd_ int plain = openat(directory, name, (int)how.flags);
  if (plain < 0 || fstat(directory, &outer) < 0 || fstat(plain, &inner) < 0)
    return -1;
  if (outer.st_dev != inner.st_dev) {
    errno = EXDEV;
    return -1;
  }
  return take_fd(&plain);
}

/*
 * Removes one entry if that takes one call: true when it is gone. False with errno ENOTEMPTY for a folder to go into. `kind` as in
 * readdir(3): what is known for a folder is not tried as a file.
 */
static bool unlink_entry(int directory, const char *name, unsigned char kind)
{
  int flags = kind == DT_DIR ? AT_REMOVEDIR : 0;
  for (int attempt = 0; attempt < 4; attempt++) {
    if (unlinkat(directory, name, flags) == 0 || errno == ENOENT)
      return true;
    if (errno == EEXIST)
      errno = ENOTEMPTY;
    /* A folder; elsewhere than on Linux this would be EPERM. And the other way round, where somebody changes the one for the other. */
    if ((errno == EISDIR && flags == 0) || (errno == ENOTDIR && flags != 0))
      flags ^= AT_REMOVEDIR;
    else if (!(errno == EBUSY && detach(directory, name)) && !(errno == EACCES && open_up(directory, ".")))
      return false;
  }
  return false;
}

static void empty(struct removal *removal, int directory, int depth, const char *except);

static void remove_folder(struct removal *removal, int directory, const char *name, int depth)
{
  if (depth >= DEPTH_MAX) {
    char place[32];
    (void)snprintf(place, sizeof place, ".skiff-removing-%u", removal->moved++);
    if (renameat(directory, name, removal->top, place) < 0)
      note(removal, errno);
    return;
  }
  for (int attempt = 0; attempt < 3; attempt++) {
    _cleanup_fd_ int fd = open_folder(directory, name);
    if (fd >= 0) {
      empty(removal, fd, depth + 1, NULL);
      if (!unlink_entry(directory, name, DT_DIR))
        note(removal, errno);
      return;
    }
    if ((errno == EXDEV && detach(directory, name)) || (errno == EACCES && open_up(directory, name)))
      continue;
    break;
  }
  note(removal, errno);
}

/* Removes what one buffer of a listing names. True where that got on. */
static bool remove_entries(struct removal *removal, int directory, int depth, const char *except, const char *entries, ssize_t size)
{
  bool progress = false;
  for (ssize_t at = 0; at < size;) {
    const struct dirent64 *entry = (const void *)(entries + at);
    at += entry->d_reclen;
    const char *name = entry->d_name;
    if (!strcmp(name, ".") || !strcmp(name, "..") || (except && !strcmp(name, except)))
      continue;
    int errors_before = removal->first_error;
    bool gone = unlink_entry(directory, name, entry->d_type);
    if (!gone && errno == ENOTEMPTY)
      remove_folder(removal, directory, name, depth);
    else if (!gone)
      note(removal, errno);
    progress |= gone || removal->first_error == errors_before;
  }
  return progress;
}

/*
 * Once is enough for a folder whose listing fits into one buffer: that was whole before anything went. Else, and where deep folders were
 * moved up here meanwhile, lists again until nothing is left or nothing more can be done: entries may be skipped while others are removed.
 */
static void empty(struct removal *removal, int directory, int depth, const char *except)
{
  char entries[ENTRIES_SIZE] __attribute__((aligned(8)));
  bool again = false;
  do {
    if (again && lseek(directory, 0, SEEK_SET) < 0) {
      note(removal, errno);
      return;
    }
    bool progress = false;
    unsigned buffers = 0, moved_before = removal->moved;
    for (ssize_t size; (size = getdents64(directory, entries, sizeof entries)) != 0; buffers++) {
      if (size < 0) {
        note(removal, errno);
        return;
      }
      progress |= remove_entries(removal, directory, depth, except, entries, size);
    }
    /* A failure stays a failure: one more round would only repeat it. */
    again = progress && removal->first_error == 0 && (buffers > 1 || removal->moved != moved_before);
  } while (again);
}

int remove_content(int directory, const char *except)
{
  struct removal removal = {.top = directory};
  _cleanup_fd_ int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return errno;
  empty(&removal, fd, 0, except);
  return removal.first_error;
}

/* The entry `name` of `directory`, which is one component. */
static int remove_named(int directory, const char *name)
{
  if (unlink_entry(directory, name, DT_UNKNOWN))
    return 0;
  for (int attempt = 0; errno == ENOTEMPTY; attempt++) {
    _cleanup_fd_ int fd = open_folder(directory, name);
    if (fd >= 0) {
      struct removal removal = {.top = fd};
      empty(&removal, fd, 0, NULL);
      if (removal.first_error)
        return removal.first_error;
      return unlink_entry(directory, name, DT_DIR) ? 0 : errno;
    }
    if (attempt < 2 && ((errno == EXDEV && detach(directory, name)) || (errno == EACCES && open_up(directory, name))))
      errno = ENOTEMPTY;
  }
  return errno;
}

int remove_tree(const char *path)
{
  /* The way to it may lead over mounts; what it holds may not. */
  const char *slash = strrchr(path, '/');
  _cleanup_free_ char *parent = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
  if (!parent)
    return errno;
  _cleanup_fd_ int directory = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0)
    return errno == ENOENT ? 0 : errno;
  return remove_named(directory, slash ? slash + 1 : path);
}
