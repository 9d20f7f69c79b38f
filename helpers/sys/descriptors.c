/* Calls on open descriptors: locks, pipes, poll, holes, clones, terminals. */
#include "sys.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static napi_value sys_flock(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	int fd, operation, result;
	if (!sys_args(env, info, 2, argv) || !sys_get_int(env, argv[0], "fd", &fd) || !sys_get_int(env, argv[1], "op", &operation))
		return NULL;
	do
		result = flock(fd, operation);
	while (result < 0 && errno == EINTR);
	if (result < 0 && errno != EWOULDBLOCK)
		return sys_throw(env, errno, "flock", NULL, NULL);
	return sys_bool(env, result == 0);
}

static napi_value sys_pipe(napi_env env, napi_callback_info info)
{
	(void)info;
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return sys_throw(env, errno, "pipe2", NULL, NULL);
	return sys_pair(env, fds[0], fds[1]);
}

/* (fd, bytes): how much a pipe holds before its writer waits. EPERM beyond what the user's pipes may hold together. */
static napi_value sys_grow_pipe(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	int fd;
	uint32_t bytes;
	if (!sys_args(env, info, 2, argv) || !sys_get_int(env, argv[0], "fd", &fd) || !sys_get_uint32(env, argv[1], "bytes", &bytes))
		return NULL;
	return sys_done(env, fcntl(fd, F_SETPIPE_SZ, (int)bytes), "fcntl", NULL, NULL);
}

/* An anonymous file in memory, close-on-exec. */
static napi_value sys_memfd(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	_cleanup_text_ char *name = NULL;
	if (!sys_args(env, info, 1, argv) || !sys_get_text(env, argv[0], "name", &name))
		return NULL;
	int fd = memfd_create(name, MFD_CLOEXEC);
	return fd < 0 ? sys_throw(env, errno, "memfd_create", NULL, NULL) : sys_number(env, fd);
}

static int64_t now_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* this clock always exists */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static napi_value sys_poll(napi_env env, napi_callback_info info)
{
	napi_value argv[2], result;
	uint32_t count = 0;
	bool is_array = false;
	int timeout_ms, ready;
	if (!sys_args(env, info, 2, argv) || !sys_get_int(env, argv[1], "timeoutMs", &timeout_ms))
		return NULL;
	if (napi_is_array(env, argv[0], &is_array) != napi_ok || !is_array || napi_get_array_length(env, argv[0], &count) != napi_ok)
		return sys_throw_argument(env, "ERR_INVALID_ARG_TYPE", "fds", "an array of numbers");
	_cleanup_text_ struct pollfd *fds = calloc((size_t)count + 1, sizeof *fds);
	if (fds == NULL)
		return sys_throw(env, ENOMEM, "poll", NULL, NULL);
	for (uint32_t i = 0; i < count; i++) {
		napi_value item;
		if (napi_get_element(env, argv[0], i, &item) != napi_ok || !sys_get_int(env, item, "fds", &fds[i].fd))
			return NULL;
		fds[i].events = POLLIN;
	}
	int64_t deadline = now_ms() + timeout_ms;
	for (;;) {
		ready = poll(fds, count, timeout_ms);
		if (ready >= 0 || errno != EINTR)
			break;
		if (timeout_ms >= 0) {
			int64_t left = deadline - now_ms();
			timeout_ms = left > 0 ? (int)left : 0;
		}
	}
	if (ready < 0)
		return sys_throw(env, errno, "poll", NULL, NULL);
	if (napi_create_array(env, &result) != napi_ok)
		return NULL;
	uint32_t found = 0;
	for (uint32_t i = 0; i < count; i++) {
		if (fds[i].revents == 0)
			continue;
		if ((fds[i].revents & POLLNVAL) != 0)
			return sys_throw(env, EBADF, "poll", NULL, NULL);
		napi_value item = sys_number(env, fds[i].fd);
		if (item == NULL || napi_set_element(env, result, found++, item) != napi_ok)
			return NULL;
	}
	return result;
}

static napi_value sys_syncfs(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	int fd;
	if (!sys_args(env, info, 1, argv) || !sys_get_int(env, argv[0], "fd", &fd))
		return NULL;
	return sys_done(env, syncfs(fd), "syncfs", NULL, NULL);
}

static napi_value sys_ficlone(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	int to, from;
	if (!sys_args(env, info, 2, argv) || !sys_get_int(env, argv[0], "destFd", &to) || !sys_get_int(env, argv[1], "srcFd", &from))
		return NULL;
	return sys_done(env, ioctl(to, FICLONE, from), "ioctl", NULL, NULL);
}

static napi_value seek_to(napi_env env, napi_callback_info info, int whence)
{
	napi_value argv[2];
	int fd;
	int64_t offset;
	if (!sys_args(env, info, 2, argv) || !sys_get_int(env, argv[0], "fd", &fd) || !sys_get_int64(env, argv[1], "offset", &offset))
		return NULL;
	off_t found = lseek(fd, (off_t)offset, whence);
	if (found < 0)
		return errno == ENXIO && whence == SEEK_DATA ? sys_undefined(env) : sys_throw(env, errno, "lseek", NULL, NULL);
	return sys_number(env, (double)found);
}

static napi_value sys_seek_data(napi_env env, napi_callback_info info)
{
	return seek_to(env, info, SEEK_DATA);
}

static napi_value sys_seek_hole(napi_env env, napi_callback_info info)
{
	return seek_to(env, info, SEEK_HOLE);
}

static napi_value sys_isatty(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	int fd;
	if (!sys_args(env, info, 1, argv) || !sys_get_int(env, argv[0], "fd", &fd))
		return NULL;
	return sys_bool(env, isatty(fd) == 1);
}

/* [rows, columns]; undefined where fd is no terminal. */
static napi_value sys_window_size(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	int fd;
	struct winsize size;
	if (!sys_args(env, info, 1, argv) || !sys_get_int(env, argv[0], "fd", &fd))
		return NULL;
	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		return errno == ENOTTY || errno == EINVAL || errno == EBADF ? sys_undefined(env) : sys_throw(env, errno, "ioctl", NULL, NULL);
	return sys_pair(env, size.ws_row, size.ws_col);
}

/* Sets or clears close-on-exec. */
static napi_value sys_set_cloexec(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	int fd;
	bool on;
	if (!sys_args(env, info, 2, argv) || !sys_get_int(env, argv[0], "fd", &fd) || !sys_get_bool(env, argv[1], "on", &on))
		return NULL;
	return sys_done(env, fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0), "fcntl", NULL, NULL);
}

static napi_value sys_set_subreaper(napi_env env, napi_callback_info info)
{
	(void)info;
	return sys_done(env, prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl", NULL, NULL);
}

const sys_function sys_descriptor_functions[] = {
	{"flock", sys_flock}, {"pipe", sys_pipe}, {"growPipe", sys_grow_pipe}, {"memfd", sys_memfd}, {"poll", sys_poll}, {"syncfs", sys_syncfs}, {"ficlone", sys_ficlone},
	{"seekData", sys_seek_data}, {"seekHole", sys_seek_hole}, {"isatty", sys_isatty}, {"windowSize", sys_window_size},
	{"setCloexec", sys_set_cloexec}, {"prctlSubreaper", sys_set_subreaper}, {NULL, NULL},
};
