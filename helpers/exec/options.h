/* skiff-exec's command line (src/runtime/index.ts holds the contract) as plain data. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "detach-keys.h"

struct options {
  const char *id;
  const char *session; /* what names of the files of this exec begin with */
  int process_fd;
  bool with_stdin;
  bool tty;
  struct detach_keys detach;
  char *const *runtime; /* its path and what stands before the subcommand; ends with NULL */
};

/* Fills `options` from argv or ends the program (125) with a message on stderr. The strings stay argv's. */
void options_parse(struct options *options, int argc, char **argv);
