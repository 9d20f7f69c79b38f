#define _GNU_SOURCE
#include "sockets.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

int socket_listen(int type, const struct sockaddr_un *address, int backlog)
{
  _cleanup_fd_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return -1;
  mode_t before = umask(0177);
  int result = bind(fd, (const struct sockaddr *)address, sizeof *address);
  (void)umask(before);
  if (result < 0 || listen(fd, backlog) < 0)
    return -1;
  return take_fd(&fd);
}

int socket_receive_descriptor(int connection, int flags)
{
  char name[PATH_MAX]; /* of a terminal, as the runtime sends it along */
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control;
  struct iovec data = {.iov_base = name, .iov_len = sizeof name};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  ssize_t count = RETRY_EINTR(recvmsg(connection, &message, MSG_CMSG_CLOEXEC | flags));
  if (count < 0)
    return -1;
  const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int))) {
    errno = count == 0 ? ECONNRESET : EPROTO;
    return -1;
  }
  int descriptor;
  memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
  return descriptor;
}
