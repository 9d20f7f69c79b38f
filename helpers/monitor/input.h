/*
 * The container's stdin: one packet at most is held here, until the container has taken it. Clients send the next when
 * they are told so ('c').
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "protocol.h"

struct client;
struct monitor;

struct input {
  int fd; /* pipe, or the terminal's (then shared with the output); -1: closed */
  bool terminal;
  bool ending; /* close (terminal: send end-of-file) once what is held has been written */
  bool line_open; /* the last byte written was no newline */
  struct client *owner;
  size_t at;
  size_t length; /* 0: empty */
  char bytes[PACKET_MAX];
};

/* True while bytes wait for the container. */
bool input_busy(const struct input *input);

/* Takes `length` bytes that stand at bytes[1…] (received there) from a client, and writes what goes. */
void input_take(struct monitor *monitor, struct client *client, size_t length);

/* Writes what goes. */
void input_write(struct monitor *monitor);

/* End of stdin by a client that had it: with --stdin-once the container's stdin ends after what is held. */
void input_end(struct monitor *monitor);

/* The container has closed its end. */
void input_close(struct monitor *monitor);
