/* A mount of another mount namespace, copied out of it. */
#include "sys.h"
#include "mount-calls.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_STACK (64 * 1024)

typedef struct { int namespace_fd, socket; const char *path, *syscall; int error; } borrow_job;

static bool send_fd(int socket, int fd)
{
	char byte = 0;
	union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } control = {0};
	struct iovec data = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof fd);
	return sendmsg(socket, &message, MSG_NOSIGNAL) == 1;
}

static int receive_fd(int socket)
{
	char byte;
	int fd = -1;
	union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } control = {0};
	struct iovec data = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) != 1)
		return -1;
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(header), sizeof fd);
	else
		errno = EPROTO;
	return fd;
}

/*
 * A process of one thread with a file system context of its own: here, unlike in Node itself, setns moves all there is. It shares our
 * memory and we wait, so it only makes system calls. After setns its root is that of the namespace: no path leads out of it.
 */
static int borrow(void *data)
{
	borrow_job *job = data;
	job->syscall = "setns";
	if (setns(job->namespace_fd, CLONE_NEWNS) < 0)
		goto failed;
	job->syscall = "open_tree";
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, job->path, TREE_CLONE | TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
	if (tree < 0)
		goto failed;
	job->syscall = "sendmsg";
	if (!send_fd(job->socket, tree))
		goto failed;
	_exit(0);
failed:
	job->error = errno;
	_exit(1);
}

static napi_value sys_borrow_mount(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	_cleanup_text_ char *path = NULL;
	int namespace_fd, ends[2];
	sigset_t all, before;
	if (!sys_args(env, info, 2, argv) || !sys_get_int(env, argv[0], "namespaceFd", &namespace_fd) || !sys_get_text(env, argv[1], "path", &path))
		return NULL;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) < 0)
		return sys_throw(env, errno, "socketpair", NULL, NULL);
	char *stack = mmap(NULL, CHILD_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	int tree = -1;
	borrow_job job = {.namespace_fd = namespace_fd, .socket = ends[1], .path = path, .syscall = "mmap", .error = stack == MAP_FAILED ? errno : 0};
	if (job.error == 0) {
		(void)sigfillset(&all);
		(void)pthread_sigmask(SIG_SETMASK, &all, &before); /* these fail for wrong arguments only */
		pid_t pid = clone(borrow, stack + CHILD_STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, &job);
		if (pid < 0) {
			job.syscall = "clone";
			job.error = errno;
		}
		(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
		while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		(void)munmap(stack, CHILD_STACK);
	}
	if (job.error == 0 && (tree = receive_fd(ends[0])) < 0) {
		job.syscall = "recvmsg";
		job.error = errno;
	}
	(void)close(ends[0]);
	(void)close(ends[1]);
	return tree < 0 ? sys_throw(env, job.error, job.syscall, path, NULL) : sys_number(env, tree);
}

static napi_value sys_attach_mount(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	_cleanup_text_ char *target = NULL;
	int tree;
	if (!sys_args(env, info, 2, argv) || !sys_get_int(env, argv[0], "fd", &tree) || !sys_get_text(env, argv[1], "target", &target))
		return NULL;
	return sys_done(env, (int)syscall(SYS_move_mount, tree, "", AT_FDCWD, target, FROM_EMPTY_PATH), "move_mount", target, NULL);
}

const sys_function sys_borrow_functions[] = {{"borrowMount", sys_borrow_mount}, {"attachMount", sys_attach_mount}, {NULL, NULL}};
