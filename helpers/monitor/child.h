/* Programs that the monitor starts: the OCI runtime, the cleanup command. */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

struct child {
  pid_t pid; /* 0: none */
  bool running;
  int status; /* of waitpid, once it no longer runs */
};

/*
 * Starts the program at `path` (absolute) with these descriptors as stdin, stdout and stderr (-1: /dev/null), every signal at its
 * default and none blocked, and no other descriptor open. 0, or an errno.
 */
typedef int child_starter(struct child *child, const char *path, const char *const *argv, char *const *environment, const int stdio[3]);
child_starter child_start;

/* The same for one that ends (SIGKILL) when we do. What it starts is not bound. */
child_starter child_start_bound;

/* 0-255: the exit code, 128+n where signal n ended it. */
int child_exit_code(int status);

/* Notes that `pid` has ended with `status`; false where this isn't the child meant. */
bool child_ended(struct child *child, pid_t pid, int status);
