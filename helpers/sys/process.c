/* Starting programs, becoming one, and pidfds. */
#include "program.h"
#include "heir.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_STACK (256 * 1024)

static void program_drop(program *p)
{
	program_free(p);
}
#define _cleanup_program_ _cleanup_(program_drop)

/* What parent and child share: they run in one address space until the child's exec or exit. */
typedef struct { program *what; const char *syscall; const char *path; int error; } start;

/* In the child. The signal mask is still full, so no handler of Node can run here. */
static int child(void *data)
{
	start *s = data;
	program *p = s->what;
	sigset_t none;

	program_reset_signals();
	s->syscall = "setsid";
	if (p->setsid && setsid() < 0)
		goto failed;
	s->syscall = "prctl";
	if (p->death_signal != 0 && prctl(PR_SET_PDEATHSIG, p->death_signal, 0, 0, 0) < 0)
		goto failed;
	s->syscall = "dup2";
	if ((s->error = program_place_fds(p)) != 0)
		_exit(127);
	s->syscall = "close_range";
	if ((s->error = program_seal_fds(p, true)) != 0)
		_exit(127);
	/* The server of a FUSE mount must not hold that mount by living in a namespace that contains it. This child is a process
	 * of one thread, so here, unlike in Node itself, unshare does what it says. */
	s->path = p->without_mount;
	if (p->without_mount != NULL) {
		s->syscall = "unshare";
		if (unshare(CLONE_NEWNS) < 0)
			goto failed;
		s->syscall = "mount";
		if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
			goto failed;
		s->syscall = "umount2";
		if (umount2(p->without_mount, MNT_DETACH) < 0)
			goto failed;
	}
	s->syscall = "chdir";
	s->path = p->cwd;
	if (p->cwd != NULL && chdir(p->cwd) < 0)
		goto failed;
	/* Last of all: descriptors above the limit stay open, but none could be opened there any more. */
	struct rlimit before;
	s->syscall = "setrlimit";
	s->path = NULL;
	if ((s->error = program_limit_files(p, &before)) != 0)
		_exit(127);
	s->syscall = "spawn";
	s->path = p->path;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL); /* fails for a wrong first argument only */
	(void)execve(p->path, p->argv, p->env);
failed:
	s->error = errno;
	_exit(127);
}

static napi_value sys_spawn(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	_cleanup_program_ program p = {0};
	sigset_t all, before;
	if (!sys_args(env, info, 1, argv) || !program_read(env, argv[0], &p))
		return NULL;
	char *stack = mmap(NULL, CHILD_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED)
		return sys_throw(env, errno, "spawn", p.path, NULL);
	start s = {.what = &p, .syscall = "spawn", .path = p.path, .error = 0};
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before); /* these fail for wrong arguments only */
	/* Shared memory and a parent that waits for the exec: no copy of Node's page tables (fork of it costs milliseconds). */
	pid_t pid = clone(child, stack + CHILD_STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, &s);
	int error = errno;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)munmap(stack, CHILD_STACK);
	if (pid < 0)
		return sys_throw(env, error, "clone", p.path, NULL);
	if (s.error != 0) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		return sys_throw(env, s.error, s.syscall, s.path, NULL);
	}
	return sys_number(env, pid);
}

static napi_value sys_execve(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	_cleanup_program_ program p = {0};
	struct sigaction dispositions[NSIG];
	sigset_t none, before;
	if (!sys_args(env, info, 1, argv) || !program_read(env, argv[0], &p))
		return NULL;
	/* What can be refused is refused before anything of this process is changed. */
	if (access(p.path, X_OK) < 0)
		return sys_throw(env, errno, "execve", p.path, NULL);
	int back = -1;
	if (p.cwd != NULL) {
		back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (chdir(p.cwd) < 0) {
			int error = errno;
			if (back >= 0)
				(void)close(back);
			return sys_throw(env, error, "chdir", p.cwd, NULL);
		}
	}
	/* Should execve itself fail (ENOEXEC, E2BIG), what stood at the targets is put back: the caller prints its error on stderr. */
	_cleanup_text_ int *saved = calloc(p.fd_count, sizeof *saved);
	const char *failed = "dup2";
	int error = saved == NULL ? ENOMEM : 0;
	for (size_t i = 0; error == 0 && i < p.fd_count; i++)
		saved[i] = fcntl(p.fds[i].to, F_DUPFD_CLOEXEC, p.highest + 1);
	if (error == 0)
		error = program_place_fds(&p);
	if (error == 0) {
		failed = "close_range";
		error = program_seal_fds(&p, false);
	}
	struct rlimit limits;
	if (error == 0) {
		failed = "setrlimit";
		error = program_limit_files(&p, &limits);
	}
	if (error == 0) {
		failed = "execve";
		(void)sigemptyset(&none);
		for (int number = 1; number < NSIG; number++)
			(void)sigaction(number, NULL, &dispositions[number]); /* libc's own two refuse: they are not touched either */
		(void)pthread_sigmask(SIG_SETMASK, NULL, &before);
		if (p.setsid)
			(void)setsid(); /* EPERM: already the leader of one */
		program_reset_signals();
		(void)pthread_sigmask(SIG_SETMASK, &none, NULL);
		pid_t heir = p.leave_memory ? heir_start() : 0;
		(void)execve(p.path, p.argv, p.env);
		error = errno;
		heir_dismiss(heir);
		(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
		for (int number = 1; number < NSIG; number++)
			(void)sigaction(number, &dispositions[number], NULL);
		(void)setrlimit(RLIMIT_NOFILE, &limits); /* what it was a moment ago is allowed */
	}
	for (size_t i = 0; saved != NULL && i < p.fd_count; i++) {
		if (saved[i] >= 0) {
			(void)dup3(saved[i], p.fds[i].to, O_CLOEXEC);
			(void)close(saved[i]);
		}
		if (p.fds[i].moved > 0)
			(void)close(p.fds[i].moved);
	}
	if (back >= 0) {
		(void)fchdir(back); /* the folder was ours a moment ago; the error of execve is the one to report */
		(void)close(back);
	}
	return sys_throw(env, error, failed, p.path, NULL);
}

static napi_value sys_pidfd_open(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	int pid;
	if (!sys_args(env, info, 1, argv) || !sys_get_int(env, argv[0], "pid", &pid))
		return NULL;
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	return fd < 0 ? sys_throw(env, errno, "pidfd_open", NULL, NULL) : sys_number(env, fd);
}

static napi_value sys_pidfd_send_signal(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	int pidfd, number;
	if (!sys_args(env, info, 2, argv) || !sys_get_int(env, argv[0], "pidfd", &pidfd) || !sys_get_int(env, argv[1], "signal", &number))
		return NULL;
	return sys_done(env, (int)syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0), "pidfd_send_signal", NULL, NULL);
}

const sys_function sys_process_functions[] = {
	{"spawn", sys_spawn}, {"execve", sys_execve}, {"pidfdOpen", sys_pidfd_open}, {"pidfdSendSignal", sys_pidfd_send_signal}, {NULL, NULL},
};
