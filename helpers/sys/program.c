/* Reading the options of spawn and execve, and arranging descriptors for a program. */
#include "program.h"
#include "disposition.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

#define NULL_DEVICE (-1) /* as a source: /dev/null */

static bool read_fds(napi_env env, napi_value value, program *out)
{
	bool is_array = false;
	uint32_t count = 0;
	if (napi_is_array(env, value, &is_array) != napi_ok || !is_array || napi_get_array_length(env, value, &count) != napi_ok || count > 4096)
		return sys_throw_argument(env, "ERR_INVALID_ARG_TYPE", "fds", "an array of pairs of numbers") != NULL;
	out->fds = calloc((size_t)count + 3, sizeof *out->fds);
	if (out->fds == NULL)
		return sys_throw(env, ENOMEM, "spawn", out->path, NULL) != NULL;
	for (uint32_t i = 0; i < count; i++) {
		napi_value pair, from, to;
		fd_pair *slot = &out->fds[i];
		if (napi_get_element(env, value, i, &pair) != napi_ok || napi_get_element(env, pair, 0, &from) != napi_ok ||
		    napi_get_element(env, pair, 1, &to) != napi_ok || !sys_get_int(env, from, "fds", &slot->from) || !sys_get_int(env, to, "fds", &slot->to))
			return false;
		if (slot->from < 0 || slot->to < 0 || slot->to > 65535)
			return sys_throw_argument(env, "ERR_INVALID_ARG_VALUE", "fds", "descriptors") != NULL;
		for (uint32_t other = 0; other < i; other++)
			if (out->fds[other].to == slot->to)
				return sys_throw_argument(env, "ERR_INVALID_ARG_VALUE", "fds", "without two sources for one target") != NULL;
		if (fcntl(slot->from, F_GETFD) < 0)
			return sys_throw(env, EBADF, "dup2", NULL, NULL) != NULL;
	}
	out->fd_count = count;
	/* A program that starts with 0, 1 or 2 closed gives that number to the next file it opens and then talks into it. */
	for (int standard = 0; standard < 3; standard++) {
		bool there = false;
		for (size_t i = 0; i < out->fd_count; i++)
			there = there || out->fds[i].to == standard;
		if (!there)
			out->fds[out->fd_count++] = (fd_pair){.from = NULL_DEVICE, .to = standard};
	}
	for (size_t i = 0; i < out->fd_count; i++)
		if (out->fds[i].to > out->highest)
			out->highest = out->fds[i].to;
	return true;
}

static bool get_optional_text(napi_env env, napi_value value, const char *name, char **out)
{
	napi_valuetype type;
	if (napi_typeof(env, value, &type) != napi_ok)
		return false;
	return type == napi_undefined || sys_get_text(env, value, name, out);
}

static bool get_optional_int(napi_env env, napi_value value, const char *name, int *out)
{
	napi_valuetype type;
	if (napi_typeof(env, value, &type) != napi_ok)
		return false;
	return type == napi_undefined || sys_get_int(env, value, name, out);
}

bool program_read(napi_env env, napi_value options, program *out)
{
	napi_value path, argv, environment, fds, cwd, without_mount, new_session, leave_memory, death_signal, open_files;
	memset(out, 0, sizeof *out);
	out->open_files = -1;
	if (!sys_get_member(env, options, "path", &path) || !sys_get_member(env, options, "argv", &argv) || !sys_get_member(env, options, "env", &environment) ||
	    !sys_get_member(env, options, "fds", &fds) || !sys_get_member(env, options, "cwd", &cwd) || !sys_get_member(env, options, "withoutMount", &without_mount) || !sys_get_member(env, options, "setsid", &new_session) ||
	    !sys_get_member(env, options, "leaveMemory", &leave_memory) || !sys_get_member(env, options, "deathSignal", &death_signal) || !sys_get_member(env, options, "openFiles", &open_files))
		return false;
	if (!sys_get_text(env, path, "path", &out->path) || !sys_get_text_list(env, argv, "argv", &out->argv) || !sys_get_text_list(env, environment, "env", &out->env) ||
	    !sys_get_bool(env, new_session, "setsid", &out->setsid) || !sys_get_bool(env, leave_memory, "leaveMemory", &out->leave_memory) || !get_optional_text(env, cwd, "cwd", &out->cwd) ||
	    !get_optional_text(env, without_mount, "withoutMount", &out->without_mount) || !get_optional_int(env, death_signal, "deathSignal", &out->death_signal) ||
	    !get_optional_int(env, open_files, "openFiles", &out->open_files))
		return false;
	if (out->argv[0] == NULL)
		return sys_throw_argument(env, "ERR_INVALID_ARG_VALUE", "argv", "not empty") != NULL;
	return read_fds(env, fds, out);
}

void program_free(program *p)
{
	free(p->path);
	free(p->cwd);
	free(p->without_mount);
	free(p->fds);
	sys_free_list(&p->argv);
	sys_free_list(&p->env);
}

/* libuv makes pipes and terminals of stdio non-blocking, and the flag belongs to the open file, so the program would
 * inherit it and fail with EAGAIN where it never expects it. */
static void make_blocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	if (flags >= 0 && (flags & O_NONBLOCK) != 0)
		(void)fcntl(fd, F_SETFL, flags & ~O_NONBLOCK); /* best effort: a descriptor that refuses stays as it was given to us */
}

int program_place_fds(program *p)
{
	/* First out of the way of every target, then down to its place: no order of pairs can overwrite a source. */
	for (size_t i = 0; i < p->fd_count; i++) {
		fd_pair *pair = &p->fds[i];
		int opened = -1, source = pair->from;
		if (source == NULL_DEVICE && (source = opened = open("/dev/null", O_RDWR | O_CLOEXEC)) < 0)
			return errno;
		pair->moved = fcntl(source, F_DUPFD_CLOEXEC, p->highest + 1);
		int error = errno;
		if (opened >= 0)
			(void)close(opened);
		if (pair->moved < 0)
			return error;
	}
	for (size_t i = 0; i < p->fd_count; i++) {
		if (dup2(p->fds[i].moved, p->fds[i].to) < 0)
			return errno;
		if (p->fds[i].to < 3)
			make_blocking(p->fds[i].to);
	}
	return 0;
}

static bool is_target(const program *p, int fd)
{
	for (size_t i = 0; i < p->fd_count; i++)
		if (p->fds[i].to == fd)
			return true;
	return false;
}

static void seal_one(int fd, bool close_it)
{
	if (close_it)
		(void)close(fd); /* not open: nothing to do */
	else
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC); /* likewise */
}

struct kernel_dirent { uint64_t ino; int64_t offset; unsigned short length; unsigned char type; char name[]; };

/* For kernels without close_range(2) (5.9) or its CLOEXEC flag (5.11). Raw getdents64, because opendir allocates. */
static int seal_listed(const program *p, bool close_them)
{
	_Alignas(8) char entries[2048];
	int dir = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return errno;
	for (;;) {
		long length = syscall(SYS_getdents64, dir, entries, sizeof entries);
		if (length <= 0) {
			int error = length < 0 ? errno : 0;
			(void)close(dir);
			return error;
		}
		for (long at = 0; at < length;) {
			const struct kernel_dirent *entry = (const void *)(entries + at);
			int fd = 0;
			const char *digit = entry->name;
			for (; *digit >= '0' && *digit <= '9'; digit++)
				fd = fd * 10 + (*digit - '0');
			if (*digit == '\0' && fd > p->highest && fd != dir)
				seal_one(fd, close_them);
			at += entry->length;
		}
	}
}

int program_seal_fds(const program *p, bool close_them)
{
	for (int fd = 0; fd < p->highest; fd++)
		if (!is_target(p, fd))
			seal_one(fd, close_them);
	/* Any failure, not only ENOSYS: seccomp filters of older container engines answer EPERM. */
	if (syscall(SYS_close_range, p->highest + 1, ~0U, close_them ? 0 : CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	return seal_listed(p, close_them);
}

void program_reset_signals(void)
{
	for (int number = 1; number < NSIG; number++)
		disposition_reset(number);
}

int program_limit_files(const program *p, struct rlimit *before)
{
	if (getrlimit(RLIMIT_NOFILE, before) < 0)
		return errno;
	if (p->open_files < 0)
		return 0;
	struct rlimit wanted = {.rlim_cur = (rlim_t)p->open_files, .rlim_max = before->rlim_max};
	if (wanted.rlim_cur > wanted.rlim_max)
		wanted.rlim_cur = wanted.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &wanted) < 0 ? errno : 0;
}
