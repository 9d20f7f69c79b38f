/*
 * The container's log: cuts the two streams into lines, as Docker does, and hands each to the driver.
 *
 * A line is an entry; one longer than LOG_LINE_MAX is cut into parts, at a character's start, and only the last ends with
 * the newline. What follows the last newline is held back until the rest comes, the stream ends, or nothing has come for
 * LOG_IDLE_MS: a prompt is in the log before it is answered (Docker would keep it, conmon logs it at once).
 */
#pragma once
#include "log-file.h"
#include "clock.h"
#include "options.h"

/* As in moby's daemon/logger/copier.go. */
#define LOG_LINE_MAX 16384
#define LOG_IDLE_MS 250

enum stream_name { STREAM_STDOUT, STREAM_STDERR, STREAM_COUNT };

struct log_line {
  size_t length;
  long long idle_at_ms; /* when the held back bytes have waited long enough; 0: nothing waits */
  char bytes[LOG_LINE_MAX];
};

/* One line, or one part of a long one. */
struct log_entry {
  enum stream_name stream;
  const char *bytes;
  size_t length;
  bool partial; /* no newline follows */
  bool notice;  /* of our own, not the container's */
  const char *time;
};

struct journal {
  int fd; /* -1: not open */
  bool failing;
  unsigned long long dropped;
  unsigned long long unreported;
};

struct log {
  const struct options *options;
  struct log_line lines[STREAM_COUNT];
  struct log_file file;
  struct journal journal;
};

/*
 * Opens what the driver needs. On failure returns -1 with errno and puts what could not be opened into *what.
 */
int log_open(struct log *log, const struct options *options, const char **what);

/* Takes bytes of a stream; everything complete is in the log when this returns (or counted as dropped). */
void log_feed(struct log *log, enum stream_name stream, const char *bytes, size_t length);

/* When log_idle() has something to do for the stream (clock_ms); 0: not before it is fed again. */
long long log_idle_at(const struct log *log, enum stream_name stream);

/* Nothing more has come: logs what was held back as a part, but for a character that has only just begun. */
void log_idle(struct log *log, enum stream_name stream);

/* The stream has ended: logs what was held back. */
void log_end_of_stream(struct log *log, enum stream_name stream);

/* Bytes of the container that did not reach the log. */
unsigned long long log_dropped(const struct log *log);

/* Why output is being lost; NULL while the log takes it. */
const char *log_loss(const struct log *log);

/* Ends both streams, tells of dropped bytes where that is possible by now, closes. */
void log_close(struct log *log);
