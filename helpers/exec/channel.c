#define _GNU_SOURCE
#include "channel.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

/* A pipe, a socket or a terminal that poll calls writable takes PIPE_BUF without blocking; a file takes anything. */
static size_t piece_of(int fd)
{
  struct stat status;
  return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? sizeof((struct channel *)NULL)->bytes : PIPE_BUF;
}

void channel_open(struct channel *channel, int from, int to)
{
  channel->from = from;
  channel->to = to;
  channel->piece = piece_of(to);
  channel->at = channel->length = 0;
}

enum channel_result channel_read(struct channel *channel, size_t most)
{
  ssize_t count = RETRY_EINTR(read(channel->from, channel->bytes, most));
  if (count < 0 && errno == EAGAIN)
    return CHANNEL_IDLE;
  if (count == 0 || (count < 0 && errno == EIO))
    return CHANNEL_ENDED;
  if (count < 0)
    return CHANNEL_FAILED;
  channel->at = 0;
  channel->length = (size_t)count;
  return CHANNEL_GOES_ON;
}

enum channel_result channel_write(struct channel *channel)
{
  size_t left = channel->length - channel->at;
  ssize_t count = RETRY_EINTR(write(channel->to, channel->bytes + channel->at, left < channel->piece ? left : channel->piece));
  if (count < 0 && errno == EAGAIN)
    return CHANNEL_IDLE;
  if (count < 0) {
    channel->at = channel->length = 0;
    return CHANNEL_FAILED;
  }
  channel->at += (size_t)count;
  return CHANNEL_GOES_ON;
}
