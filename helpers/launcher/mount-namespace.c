#define _GNU_SOURCE
#include "launcher.h"

#include "cleanup.h"
#include "die.h"

#include <linux/magic.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>

#define CGROUP_ROOT "/sys/fs/cgroup"
/* The source by which our own cgroup2 mount is known again, by a command that starts inside (the monitor's cleanup). */
#define CGROUP_SOURCE "skiff"

/* True where the topmost mount on /sys/fs/cgroup is ours. @see proc_pid_mountinfo(5) */
static bool is_our_cgroup_mount(void)
{
  _cleanup_free_ char *text = read_file("/proc/self/mountinfo");
  bool ours = false;
  char *rest = NULL;
  for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
    char target[sizeof CGROUP_ROOT + 1];
    if (sscanf(line, "%*s %*s %*s %*s %15s", target) == 1 && strcmp(target, CGROUP_ROOT) == 0)
      ours = strstr(line, " - cgroup2 " CGROUP_SOURCE " ") != NULL;
  }
  return ours;
}

enum cgroup_view cgroup_view(void)
{
  struct statfs status;
  if (statfs(CGROUP_ROOT, &status) != 0)
    return CGROUP_NONE;
  if (status.f_type != CGROUP2_SUPER_MAGIC)
    return CGROUP_PRIVATE;
  return getuid() == 0 && is_our_cgroup_mount() ? CGROUP_PRIVATE : CGROUP_V2;
}

bool mount_namespace_enter(enum cgroup_view *cgroup, struct refusal *refusal)
{
  struct statfs status;
  bool foreign = statfs(CGROUP_ROOT, &status) == 0 && status.f_type != CGROUP2_SUPER_MAGIC;
  if (unshare(CLONE_NEWNS | (foreign ? CLONE_NEWCGROUP : 0)) != 0) {
    refuse_userns(refusal, errno, "make a mount namespace");
    return false;
  }
  /* Slave: what the host mounts later (a stick, an automount) shows up here, and nothing of ours shows up there. */
  if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) != 0) {
    refuse_userns(refusal, errno, "make the mounts private");
    return false;
  }
  /* crun refuses hybrid and v1 trees; in a cgroup namespace of one's own the unified tree may be mounted over them. */
  if (foreign && mount(CGROUP_SOURCE, CGROUP_ROOT, "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0)
    *cgroup = CGROUP_NONE;
  else
    *cgroup = foreign ? CGROUP_PRIVATE : cgroup_view();
  return true;
}

void mount_namespace_isolate(void)
{
  if (unshare(CLONE_NEWNS) != 0)
    die_errno("make a mount namespace for a worker", NULL);
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
    die_errno("make the mounts private", NULL);
}
