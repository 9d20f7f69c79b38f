/* The user's terminal: raw while we are attached, as it was on every way out. */
#pragma once
#include <stdbool.h>
#include <termios.h>

struct terminal {
  int fd; /* -1: none */
  bool raw;
  bool with_input;
  struct termios before;
};

/*
 * `with_input`: raw mode, if stdin is a terminal. Else only the output is raw, if stdout is one and we are in its foreground: keys still make
 * signals. False with errno where that fails.
 */
bool terminal_raw(struct terminal *terminal, bool with_input);

/* Once more, after somebody (a shell that had us in its background) has set it otherwise. */
void terminal_raw_again(const struct terminal *terminal);

void terminal_restore(struct terminal *terminal);

/* Rows and columns of stdin's, stdout's or stderr's terminal; false where none is one. */
bool terminal_size(unsigned short *rows, unsigned short *columns);
