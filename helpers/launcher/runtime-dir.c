#define _GNU_SOURCE
#include "launcher.h"

#include "cleanup.h"
#include "die.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* A folder whose content only its owner can change, and that is ours. */
static int open_private_parent(const char *path)
{
  struct stat status;
  _cleanup_fd_ int fd = path[0] == '/' ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (fd < 0 || fstat(fd, &status) != 0 || status.st_uid != geteuid() || (status.st_mode & 022) != 0)
    return -1; /* `su` and `sudo -E` leave another user's $XDG_RUNTIME_DIR behind */
  return take_fd(&fd);
}

/* Checks `name` below `parent`, made before where `make` says so: a real folder, ours, mode 0700. */
static bool is_usable(int parent, const char *name, bool make, const char **why)
{
  struct stat status;
  if (make && mkdirat(parent, name, 0700) != 0 && errno != EEXIST) {
    *why = strerror(errno);
    return false;
  }
  _cleanup_fd_ int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &status) != 0)
    *why = errno == ELOOP || errno == ENOTDIR ? "it is no directory" : strerror(errno);
  else if (status.st_uid != geteuid())
    *why = "it belongs to another user";
  else if ((status.st_mode & 077) != 0)
    *why = "other users have rights on it";
  else
    return true;
  return false;
}

static char *usable_below(const char *parent)
{
  const char *why;
  _cleanup_fd_ int fd = open_private_parent(parent);
  return fd >= 0 && is_usable(fd, "skiff", true, &why) ? must_format("%s/skiff", parent) : NULL;
}

/* /tmp/skiff-run-UID; NULL with `why` where it can't be used. */
static char *fallback(uid_t uid, bool make, const char **why)
{
  _cleanup_free_ char *name = must_format("skiff-run-%u", uid);
  _cleanup_fd_ int tmp = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (tmp >= 0)
    return is_usable(tmp, name, make, why) ? must_format("/tmp/%s", name) : NULL;
  *why = strerror(errno);
  return NULL;
}

char *runtime_dir(uid_t uid, struct refusal *refusal)
{
  const char *why = NULL, *given = getenv("XDG_RUNTIME_DIR");
  _cleanup_free_ char *usual = must_format("/run/user/%u", uid);
  bool own_place = given && *given && strcmp(given, usual) != 0;
  _cleanup_free_ char *path = own_place ? usable_below(given) : NULL;
  if (path)
    return take_pointer(path);
  path = usable_below(usual);
  _cleanup_free_ char *other = fallback(uid, !path, &why);
  if (path && other && !userns_is_alive(path) && userns_is_alive(other))
    return take_pointer(other);
  if (path || other)
    return path ? take_pointer(path) : take_pointer(other);
  refuse(refusal, "PERMISSION", must_format("runtime directory \"/tmp/skiff-run-%u\": %s", uid, why),
         must_format("log in with a session of your own (it has $XDG_RUNTIME_DIR), or set XDG_RUNTIME_DIR to a directory with mode 0700 that is yours"));
  return NULL;
}
