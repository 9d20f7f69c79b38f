/* The container's terminal: its master side comes from the runtime over the console socket. @see crun(1) --console-socket */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "cleanup.h"
#include "monitor.h"
#include "sockets.h"

#define CONSOLE_NAME "console"

int terminal_listen(struct monitor *monitor, char *path, size_t size)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  (void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/" CONSOLE_NAME, monitor->run_dir);
  /* The runtime connects by name; one that is too long for a socket address it reaches through our descriptor. */
  if ((size_t)snprintf(path, size, "%s/" CONSOLE_NAME, monitor->options.run_dir) >= sizeof address.sun_path)
    (void)snprintf(path, size, "/proc/%d/fd/%d/" CONSOLE_NAME, (int)getpid(), monitor->run_dir);
  if (unlinkat(monitor->run_dir, CONSOLE_NAME, 0) < 0 && errno != ENOENT)
    return -1;
  monitor->console_listener = socket_listen(SOCK_STREAM, &address, 1);
  return monitor->console_listener < 0 ? -1 : 0;
}

void terminal_accept(struct monitor *monitor)
{
  int fd = RETRY_EINTR(accept4(monitor->console_listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (fd < 0)
    return; /* the caller has gone again */
  cleanup_fd(&monitor->console);
  monitor->console = fd;
}

static void take_terminal(struct monitor *monitor, int terminal)
{
  monitor->terminal = terminal;
  (void)fcntl(terminal, F_SETFL, fcntl(terminal, F_GETFL) | O_NONBLOCK); /* can't fail on a live descriptor */
  /* Kernel 4.13. Without it a container that closes its terminal and opens it again loses what it says after. */
  monitor->terminal_peer = ioctl(terminal, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  monitor->streams[STREAM_STDOUT].fd = fcntl(terminal, F_DUPFD_CLOEXEC, 3);
  monitor->input.fd = fcntl(terminal, F_DUPFD_CLOEXEC, 3);
  monitor->input.terminal = true;
  if (monitor->window_known)
    (void)ioctl(terminal, TIOCSWINSZ, &monitor->window); /* the client asked; a terminal without a size still works */
  cleanup_fd(&monitor->console);
  cleanup_fd(&monitor->console_listener);
  monitor->console = monitor->console_listener = -1;
  (void)unlinkat(monitor->run_dir, CONSOLE_NAME, 0); /* goes with the run dir at the latest */
}

void terminal_receive(struct monitor *monitor)
{
  int terminal = socket_receive_descriptor(monitor->console, MSG_DONTWAIT);
  if (terminal >= 0) {
    take_terminal(monitor, terminal);
  } else if (errno != EAGAIN && errno != EPROTO) {
    cleanup_fd(&monitor->console);
    monitor->console = -1;
  }
}

void terminal_resize(struct monitor *monitor, unsigned short rows, unsigned short columns)
{
  monitor->window = (struct winsize){.ws_row = rows, .ws_col = columns};
  monitor->window_known = true;
  if (monitor->terminal >= 0)
    (void)ioctl(monitor->terminal, TIOCSWINSZ, &monitor->window); /* fails only where the terminal has ended */
}
