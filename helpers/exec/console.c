#define _GNU_SOURCE
#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cleanup.h"
#include "die.h"
#include "sockets.h"

/* The folder's name may be too long for a socket's address: both ends go by its descriptor, which is the same for the runtime. */
int console_listen(struct console *console, const char *session)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const char *slash = strrchr(session, '/');
  _cleanup_free_ char *folder = must_format("%.*s", slash ? (int)(slash - session) + 1 : 1, slash ? session : ".");
  *console = (struct console){.folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC), .listener = -1};
  if (console->folder < 0)
    return -1;
  console->path = must_format("/proc/%d/fd/%d/%s.console", (int)getpid(), console->folder, slash ? slash + 1 : session);
  console->name = strrchr(console->path, '/') + 1;
  if ((size_t)snprintf(address.sun_path, sizeof address.sun_path, "%s", console->path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  console->listener = socket_listen(SOCK_STREAM, &address, 1);
  return console->listener < 0 ? -1 : 0;
}

void console_close(struct console *console)
{
  if (console->folder < 0)
    return;
  (void)unlinkat(console->folder, console->name, 0); /* goes with the container's run dir at the latest */
  cleanup_fd(&console->listener);
  cleanup_fd(&console->folder);
  console->listener = console->folder = -1;
}

int console_take(struct console *console)
{
  _cleanup_fd_ int connection = RETRY_EINTR(accept4(console->listener, NULL, NULL, SOCK_CLOEXEC));
  if (connection < 0)
    return -1;
  int terminal = socket_receive_descriptor(connection, 0); /* waits for the runtime, which has connected and sends next */
  console_close(console);
  if (terminal >= 0)
    (void)fcntl(terminal, F_SETFL, fcntl(terminal, F_GETFL) | O_NONBLOCK); /* can't fail on a live descriptor */
  return terminal;
}
