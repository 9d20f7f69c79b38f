/* Mounts, the root of the process, file systems, and network namespaces (made by a thread that ends right after). */
#include "sys.h"
#include "mount-calls.h"
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

static napi_value sys_mount(napi_env env, napi_callback_info info)
{
	napi_value argv[5];
	_cleanup_text_ char *source = NULL, *target = NULL, *type = NULL, *data = NULL;
	int64_t flags;
	if (!sys_args(env, info, 5, argv) || !sys_get_text(env, argv[0], "source", &source) || !sys_get_text(env, argv[1], "target", &target) ||
	    !sys_get_text(env, argv[2], "fstype", &type) || !sys_get_int64(env, argv[3], "flags", &flags) || !sys_get_text(env, argv[4], "data", &data))
		return NULL;
	/* The kernel copies one page of options and cuts the rest off in silence: a cut list of lower layers is a wrong image. */
	if (strlen(data) >= (size_t)sysconf(_SC_PAGESIZE))
		return sys_throw(env, E2BIG, "mount", target, NULL);
	return sys_done(env, mount(source, target, type, (unsigned long)flags, data[0] == '\0' ? NULL : data), "mount", target, NULL);
}

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

static napi_value sys_mount_setattr(napi_env env, napi_callback_info info)
{
	napi_value argv[3];
	_cleanup_text_ char *target = NULL;
	int64_t set;
	bool recursive;
	if (!sys_args(env, info, 3, argv) || !sys_get_text(env, argv[0], "target", &target) || !sys_get_int64(env, argv[1], "set", &set) ||
	    !sys_get_bool(env, argv[2], "recursive", &recursive))
		return NULL;
	struct mount_attributes attributes = {.set = (uint64_t)set};
	int flags = AT_SYMLINK_NOFOLLOW | (recursive ? AT_RECURSIVE : 0);
	return sys_done(env, (int)syscall(SYS_mount_setattr, AT_FDCWD, target, flags, &attributes, sizeof attributes), "mount_setattr", target, NULL);
}

static napi_value sys_umount2(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	_cleanup_text_ char *target = NULL;
	int flags;
	if (!sys_args(env, info, 2, argv) || !sys_get_text(env, argv[0], "target", &target) || !sys_get_int(env, argv[1], "flags", &flags))
		return NULL;
	return sys_done(env, umount2(target, flags), "umount2", target, NULL);
}

static napi_value sys_pivot_root(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	_cleanup_text_ char *new_root = NULL, *put_old = NULL;
	if (!sys_args(env, info, 2, argv) || !sys_get_text(env, argv[0], "newRoot", &new_root) || !sys_get_text(env, argv[1], "putOld", &put_old))
		return NULL;
	return sys_done(env, (int)syscall(SYS_pivot_root, new_root, put_old), "pivot_root", new_root, put_old);
}

static napi_value sys_statfs(napi_env env, napi_callback_info info)
{
	napi_value argv[1], result;
	_cleanup_text_ char *path = NULL;
	struct statfs fs;
	if (!sys_args(env, info, 1, argv) || !sys_get_text(env, argv[0], "path", &path))
		return NULL;
	if (statfs(path, &fs) < 0)
		return sys_throw(env, errno, "statfs", path, NULL);
	if (napi_create_object(env, &result) != napi_ok)
		return NULL;
	bool done = sys_set(env, result, "type", sys_number(env, (uint32_t)fs.f_type)) && sys_set(env, result, "bsize", sys_number(env, (double)fs.f_bsize)) &&
		sys_set(env, result, "blocks", sys_int64(env, (int64_t)fs.f_blocks)) && sys_set(env, result, "bfree", sys_int64(env, (int64_t)fs.f_bfree)) &&
		sys_set(env, result, "bavail", sys_int64(env, (int64_t)fs.f_bavail)) && sys_set(env, result, "files", sys_int64(env, (int64_t)fs.f_files)) &&
		sys_set(env, result, "ffree", sys_int64(env, (int64_t)fs.f_ffree));
	return done ? result : NULL;
}

typedef struct { const char *path; int error; const char *syscall; } netns_job;

static bool loopback_up(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	bool done = ioctl(fd, SIOCGIFFLAGS, &request) == 0;
	if (done) {
		request.ifr_flags |= IFF_UP;
		done = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
	}
	int error = errno;
	(void)close(fd);
	errno = error;
	return done;
}

static void *make_netns(void *data)
{
	netns_job *job = data;
	/* CLONE_NEWNET, unlike CLONE_NEWNS, leaves the file system context shared, and this thread ends right away. */
	job->syscall = "unshare";
	if (unshare(CLONE_NEWNET) < 0)
		goto failed;
	job->syscall = "ioctl";
	if (!loopback_up())
		goto failed;
	job->syscall = "mount";
	if (mount("/proc/thread-self/ns/net", job->path, NULL, MS_BIND, NULL) < 0)
		goto failed;
	return NULL;
failed:
	job->error = errno;
	return NULL;
}

static napi_value sys_create_netns(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	_cleanup_text_ char *path = NULL;
	pthread_t thread;
	if (!sys_args(env, info, 1, argv) || !sys_get_text(env, argv[0], "path", &path))
		return NULL;
	netns_job job = {.path = path, .error = 0, .syscall = ""};
	int error = pthread_create(&thread, NULL, make_netns, &job);
	if (error == 0)
		error = pthread_join(thread, NULL);
	if (error != 0)
		return sys_throw(env, error, "pthread_create", path, NULL);
	return job.error != 0 ? sys_throw(env, job.error, job.syscall, path, NULL) : sys_undefined(env);
}

const sys_function sys_mount_functions[] = {
	{"mount", sys_mount}, {"mountSetattr", sys_mount_setattr}, {"umount2", sys_umount2}, {"pivotRoot", sys_pivot_root}, {"statfs", sys_statfs}, {"createNetns", sys_create_netns}, {NULL, NULL},
};
