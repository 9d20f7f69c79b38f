/* Files by path and by directory descriptor. */
#include "sys.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static napi_value sys_mknod(napi_env env, napi_callback_info info)
{
	napi_value argv[4];
	_cleanup_text_ char *path = NULL;
	uint32_t mode, major_number, minor_number;
	if (!sys_args(env, info, 4, argv) || !sys_get_text(env, argv[0], "path", &path) || !sys_get_uint32(env, argv[1], "mode", &mode) ||
	    !sys_get_uint32(env, argv[2], "major", &major_number) || !sys_get_uint32(env, argv[3], "minor", &minor_number))
		return NULL;
	return sys_done(env, mknod(path, (mode_t)mode, makedev(major_number, minor_number)), "mknod", path, NULL);
}

static napi_value sys_lutimes(napi_env env, napi_callback_info info)
{
	napi_value argv[3];
	_cleanup_text_ char *path = NULL;
	int64_t nanoseconds[2];
	struct timespec times[2];
	if (!sys_args(env, info, 3, argv) || !sys_get_text(env, argv[0], "path", &path) || !sys_get_bigint(env, argv[1], "atimeNs", &nanoseconds[0]) ||
	    !sys_get_bigint(env, argv[2], "mtimeNs", &nanoseconds[1]))
		return NULL;
	for (int i = 0; i < 2; i++) {
		/* Times before 1970 are legal: the remainder has to be 0…999999999 whatever the sign. */
		int64_t seconds = nanoseconds[i] / 1000000000, rest = nanoseconds[i] % 1000000000;
		if (rest < 0) {
			rest += 1000000000;
			seconds -= 1;
		}
		times[i].tv_sec = seconds;
		times[i].tv_nsec = rest;
	}
	return sys_done(env, utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), "utimensat", path, NULL);
}

static napi_value sys_lchown(napi_env env, napi_callback_info info)
{
	napi_value argv[3];
	_cleanup_text_ char *path = NULL;
	uint32_t uid, gid;
	if (!sys_args(env, info, 3, argv) || !sys_get_text(env, argv[0], "path", &path) || !sys_get_uint32(env, argv[1], "uid", &uid) ||
	    !sys_get_uint32(env, argv[2], "gid", &gid))
		return NULL;
	return sys_done(env, lchown(path, uid, gid), "lchown", path, NULL);
}

static napi_value sys_fchown(napi_env env, napi_callback_info info)
{
	napi_value argv[3];
	int fd;
	uint32_t uid, gid;
	if (!sys_args(env, info, 3, argv) || !sys_get_int(env, argv[0], "fd", &fd) || !sys_get_uint32(env, argv[1], "uid", &uid) ||
	    !sys_get_uint32(env, argv[2], "gid", &gid))
		return NULL;
	return sys_done(env, fchown(fd, uid, gid), "fchown", NULL, NULL);
}

static bool set_number(napi_env env, napi_value object, const char *name, double number)
{
	return sys_set(env, object, name, sys_number(env, number));
}

static napi_value sys_lstat(napi_env env, napi_callback_info info)
{
	napi_value argv[1], result, identity;
	_cleanup_text_ char *path = NULL;
	struct stat st;
	char text[48];
	if (!sys_args(env, info, 1, argv) || !sys_get_text(env, argv[0], "path", &path))
		return NULL;
	if (lstat(path, &st) < 0)
		return sys_throw(env, errno, "lstat", path, NULL);
	(void)snprintf(text, sizeof text, "%llx:%llx", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	if (napi_create_object(env, &result) != napi_ok || napi_create_string_latin1(env, text, NAPI_AUTO_LENGTH, &identity) != napi_ok)
		return NULL;
	bool done = set_number(env, result, "mode", st.st_mode) && set_number(env, result, "uid", st.st_uid) && set_number(env, result, "gid", st.st_gid) &&
		set_number(env, result, "size", (double)st.st_size) && set_number(env, result, "ino", (double)st.st_ino) &&
		set_number(env, result, "dev", (double)st.st_dev) && set_number(env, result, "rdev", (double)st.st_rdev) &&
		set_number(env, result, "nlink", (double)st.st_nlink) && set_number(env, result, "blocks", (double)st.st_blocks) &&
		sys_set(env, result, "identity", identity) &&
		sys_set(env, result, "mtimeNs", sys_int64(env, (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec)) &&
		sys_set(env, result, "ctimeNs", sys_int64(env, (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec));
	return done ? result : NULL;
}

static napi_value sys_openat2(napi_env env, napi_callback_info info)
{
	napi_value argv[5];
	_cleanup_text_ char *path = NULL;
	int dir_fd, fd;
	uint32_t flags, mode, resolve;
	if (!sys_args(env, info, 5, argv) || !sys_get_int(env, argv[0], "dirFd", &dir_fd) || !sys_get_text(env, argv[1], "path", &path) ||
	    !sys_get_uint32(env, argv[2], "flags", &flags) || !sys_get_uint32(env, argv[3], "mode", &mode) || !sys_get_uint32(env, argv[4], "resolve", &resolve))
		return NULL;
	/* openat2 refuses a mode without O_CREAT or O_TMPFILE, where open(2) ignores it. */
	bool creates = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
	struct open_how how = {.flags = flags | O_CLOEXEC, .mode = creates ? mode : 0, .resolve = resolve};
	do
		fd = (int)syscall(SYS_openat2, dir_fd, path, &how, sizeof how);
	while (fd < 0 && (errno == EINTR || errno == EAGAIN)); /* EAGAIN: a rename raced with a "..", openat2(2) says to try again */
	return fd < 0 ? sys_throw(env, errno, "openat2", path, NULL) : sys_number(env, fd);
}

static napi_value sys_mkdirat(napi_env env, napi_callback_info info)
{
	napi_value argv[3];
	_cleanup_text_ char *name = NULL;
	int dir_fd;
	uint32_t mode;
	if (!sys_args(env, info, 3, argv) || !sys_get_int(env, argv[0], "dirFd", &dir_fd) || !sys_get_text(env, argv[1], "name", &name) ||
	    !sys_get_uint32(env, argv[2], "mode", &mode))
		return NULL;
	return sys_done(env, mkdirat(dir_fd, name, (mode_t)mode), "mkdirat", name, NULL);
}

static napi_value sys_symlinkat(napi_env env, napi_callback_info info)
{
	napi_value argv[3];
	_cleanup_text_ char *target = NULL, *name = NULL;
	int dir_fd;
	if (!sys_args(env, info, 3, argv) || !sys_get_text(env, argv[0], "target", &target) || !sys_get_int(env, argv[1], "dirFd", &dir_fd) ||
	    !sys_get_text(env, argv[2], "name", &name))
		return NULL;
	return sys_done(env, symlinkat(target, dir_fd, name), "symlinkat", target, name);
}

static napi_value rename_with(napi_env env, napi_callback_info info, unsigned int flags)
{
	napi_value argv[2];
	_cleanup_text_ char *from = NULL, *to = NULL;
	if (!sys_args(env, info, 2, argv) || !sys_get_text(env, argv[0], "from", &from) || !sys_get_text(env, argv[1], "to", &to))
		return NULL;
	return sys_done(env, (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags), "renameat2", from, to);
}

static napi_value sys_rename_no_replace(napi_env env, napi_callback_info info)
{
	return rename_with(env, info, RENAME_NOREPLACE);
}

static napi_value sys_rename_exchange(napi_env env, napi_callback_info info)
{
	return rename_with(env, info, RENAME_EXCHANGE);
}

const sys_function sys_file_functions[] = {
	{"mknod", sys_mknod}, {"lutimes", sys_lutimes}, {"lchown", sys_lchown}, {"fchown", sys_fchown}, {"lstat", sys_lstat},
	{"openat2", sys_openat2}, {"mkdirat", sys_mkdirat}, {"symlinkat", sys_symlinkat},
	{"renameNoReplace", sys_rename_no_replace}, {"renameExchange", sys_rename_exchange}, {NULL, NULL},
};
