/* What to execute and how: the options of spawn and execve, read once. */
#ifndef SKIFF_SYS_PROGRAM_H
#define SKIFF_SYS_PROGRAM_H

#include "sys.h"
#include <sys/resource.h>

typedef struct { int from, to, moved; } fd_pair;

typedef struct {
	char *path, *cwd, *without_mount;
	char **argv, **env;
	fd_pair *fds; /* at least three: 0, 1 and 2 are always there */
	size_t fd_count;
	int highest; /* the greatest number among the targets */
	bool setsid;
	bool leave_memory; /* to an heir */
	int death_signal; /* 0: none */
	int open_files; /* soft limit; -1: as it is */
} program;

/* False with a pending exception. The caller frees with program_free in any case. */
bool program_read(napi_env env, napi_value options, program *out);
void program_free(program *p);

/* All below are safe between vfork and exec: no allocation, no locks. They return 0 or an errno value. */

/* Puts the wanted descriptors at their numbers, without close-on-exec; pairs may overlap in any way. */
int program_place_fds(program *p);
/* Closes, or marks close-on-exec, every descriptor that is no target. */
int program_seal_fds(const program *p, bool close_them);
/* Every disposition to its default: systemd starts services with SIGPIPE ignored, Node ignores it too. */
void program_reset_signals(void);
/* Sets the soft limit of open files where one was asked for; `before` gets the limits as they were. */
int program_limit_files(const program *p, struct rlimit *before);

#endif
