#define _GNU_SOURCE
#include "launcher.h"

#include "cleanup.h"
#include "die.h"
#include "holder.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

static int take_lock(const char *runtime_dir)
{
  _cleanup_free_ char *path = must_format("%s/userns.lock", runtime_dir);
  _cleanup_fd_ int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  return fd >= 0 && RETRY_EINTR(flock(fd, LOCK_EX)) == 0 ? take_fd(&fd) : -1;
}

static bool is_own_namespace(int fd)
{
  struct stat status;
  return fd >= 0 && fstat(fd, &status) == 0 && status.st_ino == namespace_inode("/proc/self/ns/user");
}

bool userns_is_ours(const char *runtime_dir)
{
  _cleanup_fd_ int lock = take_lock(runtime_dir);
  _cleanup_fd_ int found = lock < 0 ? -1 : holder_find(runtime_dir);
  return is_own_namespace(found);
}

bool userns_is_alive(const char *runtime_dir)
{
  _cleanup_fd_ int lock = take_lock(runtime_dir);
  _cleanup_fd_ int found = lock < 0 ? -1 : holder_find(runtime_dir);
  return found >= 0;
}

/* One line in the map, one id in the line. */
static bool has_single_id(void)
{
  _cleanup_free_ char *map = read_file("/proc/self/uid_map");
  unsigned long inside, outside, count;
  return map && sscanf(map, "%lu %lu %lu", &inside, &outside, &count) == 3 && count == 1 && strchr(map, '\n') == strrchr(map, '\n');
}

static void refuse_register(const char *runtime_dir, struct refusal *refusal)
{
  refuse(refusal, "IO", must_format("register in \"%s/holders\": %s", runtime_dir, strerror(errno)), must_format("make room in or repair that directory"));
}

/* False with `refusal` filled. */
static bool create_now(const struct idmap *plan, struct refusal *refusal)
{
  _cleanup_fd_ int made = userns_create(plan, refusal);
  if (made < 0)
    return false;
  if (setns(made, CLONE_NEWUSER) == 0)
    return true;
  refuse_userns(refusal, errno, "join the new user namespace");
  return false;
}

/* The entry comes first: without ids no file can be made. */
static void create_later(const char *runtime_dir, const struct idmap *plan, struct userns *result, struct refusal *refusal)
{
  _cleanup_fd_ int holder = holder_reserve(runtime_dir);
  if (holder < 0)
    refuse_register(runtime_dir, refusal);
  else if (userns_create_later(plan, holder, &result->maps, refusal))
    result->holder_fd = take_fd(&holder);
}

void userns_enter(const char *runtime_dir, bool maps_may_follow, struct userns *result, struct refusal *refusal)
{
  _cleanup_fd_ int lock = take_lock(runtime_dir);
  if (lock < 0) {
    refuse(refusal, "IO", must_format("lock \"%s/userns.lock\": %s", runtime_dir, strerror(errno)), must_format("make room in or repair that directory"));
    return;
  }
  _cleanup_fd_ int namespace = holder_find(runtime_dir);
  if (is_own_namespace(namespace)) {
    result->joined = true; /* started from inside: the monitor's cleanup, `skiff unshare` */
  } else if (namespace >= 0 && setns(namespace, CLONE_NEWUSER) == 0) {
    result->joined = true;
  } else {
    struct idmap plan;
    bool later = false;
    if (idmap_plan(&plan, refusal)) {
      later = maps_may_follow && !plan.single;
      if (later)
        create_later(runtime_dir, &plan, result, refusal);
      else
        (void)create_now(&plan, refusal); /* the refusal tells */
    }
    idmap_free(&plan);
    result->created = !refusal->code;
    if (later || refusal->code)
      return;
  }
  /* A group that is not mapped (newgrp, sg) would own every new file as "nobody"; inside we have the right to take group 0. */
  if (getgid() != 0 && setresgid(0, 0, 0) != 0)
    refuse(refusal, "PERMISSION", must_format("take group 0 in the user namespace: %s", strerror(errno)), must_format("run skiff with your primary group"));
  result->holder_fd = holder_register(runtime_dir);
  if (result->holder_fd < 0)
    refuse_register(runtime_dir, refusal);
  result->single_id = has_single_id();
}
