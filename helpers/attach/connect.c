#define _GNU_SOURCE
#include "connect.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "cleanup.h"
#include "die.h"

int connect_to(const char *path)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char *folder = must_format("%s", path);
  char *slash = strrchr(folder, '/');
  const char *name = slash ? slash + 1 : path;
  if (slash)
    *slash = '\0';
  /* The path may be longer than a socket address: go through the folder's descriptor. */
  _cleanup_fd_ int directory = open(!slash ? "." : *folder ? folder : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0)
    die_errno("attach to", path);
  if ((size_t)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", directory, name) >=
      sizeof address.sun_path)
    die("attach to \"%s\": name too long", path);
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0)
    die_errno("socket", path);
  if (RETRY_EINTR(connect(fd, (const struct sockaddr *)&address, sizeof address)) < 0)
    die_errno("attach to", path);
  free(folder);
  return fd;
}
