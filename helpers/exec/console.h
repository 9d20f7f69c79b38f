/* The command's terminal: its master side comes from the runtime over the console socket. @see crun(1) --console-socket */
#pragma once

struct console {
  int folder; /* -1: there is no socket (any more) */
  int listener;
  const char *name; /* in the folder */
  char *path; /* where the runtime finds it */
};

/* Begins to listen at `session`.console. -1 with errno. */
int console_listen(struct console *console, const char *session);

/* The terminal's master (non-blocking), once it has been sent; the socket goes then. -1: not yet, or errno other than EAGAIN. */
int console_take(struct console *console);

/* Nobody is to find the socket any more. */
void console_close(struct console *console);
