#define _GNU_SOURCE
#include "terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "cleanup.h"

static int set_raw(const struct terminal *terminal)
{
  struct termios raw = terminal->before;
  if (terminal->with_input)
    cfmakeraw(&raw);
  else
    raw.c_oflag &= ~(tcflag_t)OPOST; /* the container's own terminal has put its carriage returns already */
  /* DRAIN, not FLUSH: what was typed ahead is for the container. */
  return RETRY_EINTR(tcsetattr(terminal->fd, TCSADRAIN, &raw));
}

bool terminal_raw(struct terminal *terminal, bool with_input)
{
  int fd = with_input ? 0 : 1;
  /* Who only writes does so from the background as well, where setting a terminal up would stop us. */
  if (!isatty(fd) || (!with_input && tcgetpgrp(fd) != getpgrp()))
    return true;
  terminal->fd = fd;
  terminal->with_input = with_input;
  if (tcgetattr(fd, &terminal->before) < 0 || set_raw(terminal) < 0)
    return false;
  terminal->raw = true;
  return true;
}

void terminal_raw_again(const struct terminal *terminal)
{
  if (terminal->raw)
    (void)set_raw(terminal); /* fails only where the terminal has gone; reading it will tell */
}

void terminal_restore(struct terminal *terminal)
{
  if (!terminal->raw)
    return;
  terminal->raw = false;
  (void)RETRY_EINTR(tcsetattr(terminal->fd, TCSADRAIN, &terminal->before)); /* we are leaving; there is no one to tell */
}

bool terminal_size(unsigned short *rows, unsigned short *columns)
{
  for (int fd = 0; fd < 3; fd++) {
    struct winsize window;
    if (ioctl(fd, TIOCGWINSZ, &window) == 0 && window.ws_row > 0 && window.ws_col > 0) {
      *rows = window.ws_row;
      *columns = window.ws_col;
      return true;
    }
  }
  return false;
}
