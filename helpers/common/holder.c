#define _GNU_SOURCE
#include "holder.h"

#include "cleanup.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define HOLDERS "holders"

/* More names than this for one pid would mean as many pid namespaces that share one runtime directory. */
enum { MAX_NAMES = 64 };

ino_t namespace_inode(const char *path)
{
  struct stat status;
  return stat(path, &status) == 0 ? status.st_ino : 0;
}

static int open_holders(const char *runtime_dir)
{
  char path[PATH_MAX];
  int length = snprintf(path, sizeof path, "%s/" HOLDERS, runtime_dir);
  if (length < 0 || (size_t)length >= sizeof path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0 || errno != ENOENT)
    return fd;
  if (mkdir(path, 0700) != 0 && errno != EEXIST)
    return -1;
  return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Opens and locks one name. Returns -1 with EWOULDBLOCK where another holds it, ESTALE where it was swept in between. */
static int lock_entry(int holders, const char *name)
{
  struct stat status;
  _cleanup_fd_ int fd = openat(holders, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0 || RETRY_EINTR(flock(fd, LOCK_EX | LOCK_NB)) != 0 || fstat(fd, &status) != 0)
    return -1;
  if (status.st_nlink == 0) {
    errno = ESTALE;
    return -1;
  }
  return take_fd(&fd);
}

int holder_confirm(int fd, ino_t inode)
{
  char text[32];
  int length = snprintf(text, sizeof text, "%llu\n", (unsigned long long)inode);
  ssize_t written = pwrite(fd, text, (size_t)length, 0);
  if (written == length)
    return 0;
  if (written >= 0)
    errno = ENOSPC;
  return -1;
}

int holder_reserve(const char *runtime_dir)
{
  _cleanup_fd_ int holders = open_holders(runtime_dir);
  if (holders < 0)
    return -1;
  /* The plain pid is taken only where a searcher probes it this instant, or by its namesake in another pid namespace. */
  for (int attempt = 0; attempt < MAX_NAMES; attempt++) {
    char name[32];
    if (attempt == 0)
      (void)snprintf(name, sizeof name, "%d", (int)getpid());
    else
      (void)snprintf(name, sizeof name, "%d-%d", (int)getpid(), attempt);
    _cleanup_fd_ int fd = lock_entry(holders, name);
    if (fd < 0 && errno != EWOULDBLOCK && errno != ESTALE)
      return -1;
    if (fd >= 0)
      return ftruncate(fd, 0) == 0 ? take_fd(&fd) : -1;
  }
  errno = EAGAIN;
  return -1;
}

int holder_register(const char *runtime_dir)
{
  ino_t inode = namespace_inode("/proc/self/ns/user");
  _cleanup_fd_ int fd = inode == 0 ? -1 : holder_reserve(runtime_dir);
  return fd >= 0 && holder_confirm(fd, inode) == 0 ? take_fd(&fd) : -1;
}

static bool is_locked(int fd)
{
  if (RETRY_EINTR(flock(fd, LOCK_SH | LOCK_NB)) != 0)
    return true;
  (void)flock(fd, LOCK_UN); /* can't fail on a lock just taken */
  return false;
}

static int open_namespace(int entry, int pid)
{
  char text[32] = "", path[64];
  struct stat status;
  if (pread(entry, text, sizeof text - 1, 0) <= 0)
    return -1;
  (void)snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
  _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &status) != 0)
    return -1;
  /* The lock is looked at again after the open: only then is it sure that the pid was still the holder's. */
  if ((unsigned long long)status.st_ino != strtoull(text, NULL, 10) || !is_locked(entry))
    return -1;
  return take_fd(&fd);
}

int holder_find(const char *runtime_dir)
{
  _cleanup_fd_ int holders = open_holders(runtime_dir);
  if (holders < 0)
    return -1;
  int listing = RETRY_EINTR(dup(holders));
  _cleanup_dir_ DIR *dir = listing < 0 ? NULL : fdopendir(listing);
  if (!dir)
    return -1;
  _cleanup_fd_ int found = -1;
  struct dirent *item;
  while ((item = readdir(dir))) {
    char *end;
    long pid = strtol(item->d_name, &end, 10);
    if (pid <= 0 || pid > INT_MAX || (*end != '\0' && *end != '-'))
      continue;
    /* With one found, a look at the lock of each of two hundred others would cost more than the join: ask only about pids that are gone. */
    if (found >= 0 && (kill((pid_t)pid, 0) == 0 || errno != ESRCH))
      continue;
    _cleanup_fd_ int entry = openat(holders, item->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (entry < 0)
      continue;
    if (!is_locked(entry))
      (void)unlinkat(holders, item->d_name, 0); /* a leftover that stays does no harm */
    else if (found < 0)
      found = open_namespace(entry, (int)pid);
  }
  if (found < 0)
    errno = ENOENT;
  return take_fd(&found);
}
