/* Unix sockets. */
#include "sys.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static napi_value sys_socketpair(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	_cleanup_text_ char *type = NULL;
	int fds[2];
	if (!sys_args(env, info, 1, argv) || !sys_get_text(env, argv[0], "type", &type))
		return NULL;
	bool seqpacket = strcmp(type, "seqpacket") == 0;
	if (!seqpacket && strcmp(type, "stream") != 0)
		return sys_throw_argument(env, "ERR_INVALID_ARG_VALUE", "type", "\"stream\" or \"seqpacket\"");
	if (socketpair(AF_UNIX, (seqpacket ? SOCK_SEQPACKET : SOCK_STREAM) | SOCK_CLOEXEC, 0, fds) < 0)
		return sys_throw(env, errno, "socketpair", NULL, NULL);
	return sys_pair(env, fds[0], fds[1]);
}

/* Fills the address. A path too long for sun_path is reached through a descriptor of the socket file, which the caller closes. */
static bool fill_address(struct sockaddr_un *address, const char *path, int *path_fd)
{
	address->sun_family = AF_UNIX;
	*path_fd = -1;
	if (strlen(path) < sizeof address->sun_path) {
		strcpy(address->sun_path, path);
		return true;
	}
	*path_fd = open(path, O_PATH | O_CLOEXEC);
	if (*path_fd < 0)
		return false;
	(void)snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d", *path_fd);
	return true;
}

static napi_value sys_connect_seqpacket(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	_cleanup_text_ char *path = NULL;
	struct sockaddr_un address = {0};
	int path_fd, result;
	if (!sys_args(env, info, 1, argv) || !sys_get_text(env, argv[0], "path", &path))
		return NULL;
	if (!fill_address(&address, path, &path_fd))
		return sys_throw(env, errno, "connect", path, NULL);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	do
		result = fd < 0 ? -1 : connect(fd, (struct sockaddr *)&address, sizeof address);
	while (fd >= 0 && result < 0 && errno == EINTR);
	int error = errno;
	if (path_fd >= 0)
		(void)close(path_fd);
	if (result < 0) {
		if (fd >= 0)
			(void)close(fd);
		return sys_throw(env, error, "connect", path, NULL);
	}
	return sys_number(env, fd);
}

/* Both directions: a read of it that another thread waits in returns with the end. */
static napi_value sys_shutdown(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	int fd;
	if (!sys_args(env, info, 1, argv) || !sys_get_int(env, argv[0], "fd", &fd))
		return NULL;
	return sys_done(env, shutdown(fd, SHUT_RDWR), "shutdown", NULL, NULL);
}

/* sd_notify(3): one datagram; "@name" is a socket of the abstract namespace. */
static napi_value sys_send_datagram(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	_cleanup_text_ char *path = NULL, *text = NULL;
	struct sockaddr_un address = {0};
	int path_fd = -1;
	if (!sys_args(env, info, 2, argv) || !sys_get_text(env, argv[0], "path", &path) || !sys_get_text(env, argv[1], "text", &text))
		return NULL;
	if (path[0] == '@' && strlen(path) >= sizeof address.sun_path)
		return sys_throw(env, ENAMETOOLONG, "sendto", path, NULL);
	if (!fill_address(&address, path, &path_fd))
		return sys_throw(env, errno, "sendto", path, NULL);
	socklen_t length = sizeof address;
	if (path[0] == '@') {
		address.sun_path[0] = '\0';
		length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	}
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ssize_t sent = -1;
	do
		sent = fd < 0 ? -1 : sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address, length);
	while (fd >= 0 && sent < 0 && errno == EINTR);
	int error = errno;
	if (fd >= 0)
		(void)close(fd);
	if (path_fd >= 0)
		(void)close(path_fd);
	return sent < 0 ? sys_throw(env, error, "sendto", path, NULL) : sys_undefined(env);
}

const sys_function sys_socket_functions[] = {
	{"sendDatagram", sys_send_datagram}, {"socketpair", sys_socketpair}, {"connectSeqpacket", sys_connect_seqpacket}, {"shutdown", sys_shutdown}, {NULL, NULL},
};
