/* One direction of the relay: bytes from a descriptor of one side to one of the other, held in between while the reader is slow. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "detach-keys.h"

enum { CHANNEL_READ = 16384 };

struct channel {
  int from; /* -1: no more comes */
  int to;   /* -1: nobody takes anything any more */
  size_t piece; /* written at once */
  size_t at;
  size_t length;
  unsigned char bytes[CHANNEL_READ + DETACH_KEYS_MAX];
};

enum channel_result {
  CHANNEL_GOES_ON,
  CHANNEL_IDLE,  /* nothing to read now */
  CHANNEL_ENDED, /* of reading: all was read. Errors that mean as much (a terminal that has gone) are that too */
  CHANNEL_FAILED, /* errno tells */
};

/* `from` and `to` are the caller's to close. */
void channel_open(struct channel *channel, int from, int to);

/* Something waits to be written. */
static inline bool channel_busy(const struct channel *channel)
{
  return channel->length > channel->at;
}

/* Only while not busy. `most` of at most CHANNEL_READ. */
enum channel_result channel_read(struct channel *channel, size_t most);

/* Only while busy, when poll says that `to` can be written. CHANNEL_FAILED: nothing of it is left. */
enum channel_result channel_write(struct channel *channel);
