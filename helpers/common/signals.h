/* Signals of the attached client: proxied, acted upon, or left to end it. */
#pragma once
#include <stdbool.h>

/*
 * Blocks the signals that are to come through the returned signalfd (non-blocking, close-on-exec); -1 with errno.
 * `proxy`: all that can be caught and that mean something to a container. Else those that would end us, for the
 * terminal's sake.
 */
int signals_open(bool proxy);

/* Ends this program by `signal`, as it would have ended without us in between. */
__attribute__((noreturn)) void signals_die(int signal);
