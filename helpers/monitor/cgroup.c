#define _GNU_SOURCE
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "die.h"

/* The path of a process in the unified hierarchy ("0::/path"), in our own cgroup namespace's view. False: none. */
static bool cgroup_path(const char *file, char path[PATH_MAX])
{
  char text[PATH_MAX + 1024];
  _cleanup_fd_ int fd = open(file, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  size_t length = 0;
  ssize_t count;
  while (length < sizeof text - 1 && (count = RETRY_EINTR(read(fd, text + length, sizeof text - 1 - length))) > 0)
    length += (size_t)count;
  text[length] = '\0';
  for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
    *end = '\0';
    if (!strncmp(line, "0::/", 4)) {
      (void)snprintf(path, PATH_MAX, "%s", line + 3);
      return true;
    }
  }
  return false;
}

void cgroup_open(struct cgroup *cgroup, pid_t pid)
{
  char file[64], own[PATH_MAX], path[PATH_MAX], name[PATH_MAX + 64];
  (void)snprintf(file, sizeof file, "/proc/%d/cgroup", (int)pid);
  if (!cgroup_path("/proc/self/cgroup", own) || !cgroup_path(file, path))
    return;
  /* A container without a cgroup of its own is in ours, or above: what we kill there would be others, and ourselves. A path
   * with ".." is outside our cgroup namespace. */
  size_t length = strlen(path);
  bool root = length == 1;
  bool above = !strncmp(own, path, length) && (own[length] == '\0' || own[length] == '/');
  if (root || above || strstr(path, "/.."))
    return;
  cgroup->own = true;
  cgroup->folder = must_format("/sys/fs/cgroup%s", path);
  (void)snprintf(name, sizeof name, "/sys/fs/cgroup%s/memory.events", path);
  cgroup->events = open(name, O_RDONLY | O_CLOEXEC); /* -1 where the memory controller is off */
  (void)snprintf(name, sizeof name, "/sys/fs/cgroup%s/cgroup.kill", path);
  cgroup->kill = open(name, O_WRONLY | O_CLOEXEC); /* -1 before kernel 5.14 */
}

void cgroup_look(struct cgroup *cgroup, bool *oom_killed)
{
  char text[512];
  if (cgroup->events < 0)
    return;
  ssize_t count = RETRY_EINTR(pread(cgroup->events, text, sizeof text - 1, 0));
  if (count <= 0) {
    /* ENODEV: systemd removes the cgroup with its last process. poll would tell of it again and again. */
    cleanup_fd(&cgroup->events);
    cgroup->events = -1;
    return;
  }
  text[count] = '\0';
  const char *at = strstr(text, "oom_kill ");
  if (at && strtoull(at + 9, NULL, 10) > 0)
    *oom_killed = true;
}

bool cgroup_kill(const struct cgroup *cgroup)
{
  return cgroup->kill >= 0 && RETRY_EINTR(write(cgroup->kill, "1", 1)) == 1;
}

void cgroup_close(struct cgroup *cgroup)
{
  cleanup_fd(&cgroup->events);
  cleanup_fd(&cgroup->kill);
  cgroup->events = cgroup->kill = -1;
}

bool cgroup_remove(struct cgroup *cgroup)
{
  return !cgroup->folder || rmdir(cgroup->folder) == 0 || errno == ENOENT;
}
