/* skiff-attach's command line (src/runtime/index.ts holds the contract) as plain data. */
#pragma once
#include <stdbool.h>

#include "detach-keys.h"

struct options {
  int socket_fd;
  const char *socket_path;
  const char *exit_file;
  bool with_stdin;
  bool tty;
  bool no_stdout;
  bool no_stderr;
  bool sig_proxy;
  bool hello_sent;
  bool kill_unread;
  struct detach_keys detach;
};

/* Fills `options` from argv or ends the program (125) with a message on stderr. The strings stay argv's. */
void options_parse(struct options *options, int argc, char **argv);
