/*
 * The keeper: a second process of skiff-exec, which starts the runtime's exec, is the parent of the command once the runtime has
 * gone, and reaps it. Apart from the client, so that a client that is killed leaves no command that nobody reaps: its
 * zombie would keep the container's pid namespace, and with it the container, from ending.
 *
 * client -> keeper: a signal number for the command; a terminal to hold after a detach (its descriptor goes along)
 * keeper -> client: the exit code, once
 */
#pragma once
#include <stdbool.h>

#include "options.h"

struct birth {
  int theirs[3];       /* the command's stdio; with a terminal, the runtime's own */
  int ours[5];         /* nothing of the keeper's; -1: none */
  const char *console; /* where the runtime sends the terminal; NULL: none */
};

/* Starts it and closes `theirs`. Returns the connection with it (close-on-exec), or -1 with errno. */
int keeper_start(const struct options *options, const struct birth *birth);

/*
 * The command gets the signal, once it is there. It and the next return false where the keeper has gone: what it had to say is still to be
 * read then.
 */
bool keeper_signal(int keeper, int signal_number);

/* Leaves the terminal to the keeper, which swallows what comes out of it. */
bool keeper_hold(int keeper, int terminal);

/* What the keeper has to say, waiting for it: the exit code, or -1 where it has gone without one. */
int keeper_exit_code(int keeper);
