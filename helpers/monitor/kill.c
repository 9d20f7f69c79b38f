#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>

#include "monitor.h"

/* The container's process is our child: until we have waited for it, its pid is no one else's. */
int kill_first(const struct monitor *monitor, int signal)
{
  if (!monitor->container.running)
    return ESRCH;
  return kill(monitor->container.pid, signal) < 0 ? errno : 0;
}

int kill_all(struct monitor *monitor, int signal)
{
  if (!monitor->container.running)
    return ESRCH;
  if (signal == SIGKILL && cgroup_kill(&monitor->cgroup))
    return 0;
  /* Without a cgroup the runtime can't name all processes (and says nothing). The end of the first is the end of all there. */
  if (!monitor->cgroup.own)
    return kill_first(monitor, signal);
  monitor->killer_signal = signal;
  int error = runtime_kill_all(monitor, signal);
  return error ? error : -1;
}
