/* The container's cgroup (version 2), where it has one of its own: OOM kills, and the end of all its processes. */
#pragma once
#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct cgroup {
  bool own;   /* the container has a cgroup of its own */
  int events; /* memory.events; -1: none */
  int kill;   /* cgroup.kill; -1: none */
  char *folder; /* of the own cgroup; NULL: none */
};

/* Looks up the cgroup of the container's first process. Opens nothing where it shares the monitor's. */
void cgroup_open(struct cgroup *cgroup, pid_t pid);

/* Sets *oom_killed where memory.events tells of an OOM kill. Closes the file where the cgroup is gone. */
void cgroup_look(struct cgroup *cgroup, bool *oom_killed);

/* SIGKILL to all processes, atomically (kernel 5.14). False where that is not possible. */
bool cgroup_kill(const struct cgroup *cgroup);

void cgroup_close(struct cgroup *cgroup);

/* Removes the container's own cgroup. True where there is none (any more); false where something is still in it. */
bool cgroup_remove(struct cgroup *cgroup);
