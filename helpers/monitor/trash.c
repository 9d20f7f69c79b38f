#define _GNU_SOURCE
#include "trash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "cleanup.h"
#include "options.h"
#include "remove.h"
#include "warn.h"

#define REMOVING ".removing"

static int lock_store(const char *path)
{
  if (!path)
    return -1;
  int lock = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0 || RETRY_EINTR(flock(lock, LOCK_SH)) < 0)
    warn("lock", path, errno);
  return lock;
}

static void remove_now(const char *path)
{
  int error = remove_tree(path);
  if (error)
    warn("remove", path, error);
}

/* Into the folder that goes; removed right away where that is on another file system, or gone itself. */
static void put_aside(int folder, size_t number, const char *path)
{
  char name[32];
  (void)snprintf(name, sizeof name, "removing-%zu", number);
  if (renameat(AT_FDCWD, path, folder, name) < 0 && errno != ENOENT)
    remove_now(path);
}

/* It lies in a folder of the user's, and may be another container's by now. */
static void remove_id_file(const struct options *options)
{
  char text[PATH_MAX];
  size_t length = strlen(options->id);
  _cleanup_fd_ int fd = open(options->id_file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  ssize_t count = fd < 0 ? -1 : RETRY_EINTR(read(fd, text, sizeof text));
  if (count == (ssize_t)length && memcmp(text, options->id, length) == 0 && unlink(options->id_file) < 0)
    warn("remove", options->id_file, errno);
}

/* True when it bears the new name, or is not there: then what is left of a cut removal may bear it. */
static bool rename_first(struct trash *trash, const char *first)
{
  if ((size_t)snprintf(trash->path, sizeof trash->path, "%s" REMOVING, first) >= sizeof trash->path)
    errno = ENAMETOOLONG;
  else if (rename(first, trash->path) == 0 || errno == ENOENT)
    return true;
  warn("rename", first, errno);
  trash->path[0] = '\0';
  return false;
}

void trash_set_aside(struct trash *trash, const struct options *options)
{
  const struct list *paths = &options->removals;
  if (paths->length == 0)
    return;
  trash->lock = lock_store(options->store_lock);
  _cleanup_fd_ int folder = -1;
  if (rename_first(trash, paths->items[0]))
    folder = open(trash->path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  else
    remove_now(paths->items[0]);
  for (size_t i = 1; i < paths->length; i++) {
    if (folder < 0)
      remove_now(paths->items[i]);
    else
      put_aside(folder, i, paths->items[i]);
  }
  if (options->id_file)
    remove_id_file(options);
}

void trash_remove(struct trash *trash)
{
  if (trash->path[0])
    remove_now(trash->path);
  trash->path[0] = '\0';
  cleanup_fd(&trash->lock);
  trash->lock = -1;
}
