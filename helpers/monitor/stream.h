/*
 * One stream of the container's output on its way to the log and to the clients. It holds one packet; while a client has not
 * taken that packet, nothing more is read: that is how a slow client slows the container, and why nothing is lost.
 *
 * Once the container has ended its last bytes must reach the log whatever the clients do: they are logged at once and,
 * where a client still owes, put into an anonymous file (at most what a pipe or terminal holds) from which it is served on.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "log.h"
#include "protocol.h"

/* Smaller than a packet may be: more would only cost memory, the container's pipe holds 64 KiB by itself. */
#define STREAM_CHUNK 16384

struct stream {
  enum stream_name name;
  int fd;     /* pipe or terminal; -1: ended */
  int rest;   /* the anonymous file; -1: none */
  bool busy;  /* a client owes this packet */
  size_t length;
  char packet[1 + STREAM_CHUNK];
};

enum stream_result { STREAM_IDLE, STREAM_PACKET, STREAM_ENDED };

void stream_init(struct stream *stream, enum stream_name name);

/*
 * Reads once (non-blocking), logs, and leaves a packet in `packet`. Must not be called while busy. STREAM_ENDED where nothing
 * will follow: the descriptor is closed and the log told.
 */
enum stream_result stream_read(struct stream *stream, struct log *log);

/* For a container that has ended: everything at hand goes to the log, and to the file where `busy`. */
void stream_finish(struct stream *stream, struct log *log);
