#define _GNU_SOURCE
#include "stream.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cleanup.h"

void stream_init(struct stream *stream, enum stream_name name)
{
  stream->name = name;
  stream->fd = -1;
  stream->rest = -1;
  stream->packet[0] = name == STREAM_STDOUT ? PACKET_STDOUT : PACKET_STDERR;
}

static void close_source(struct stream *stream, struct log *log)
{
  cleanup_fd(&stream->fd);
  stream->fd = -1;
  log_end_of_stream(log, stream->name);
}

/* The logged remainder first and last: once it exists there is no source any more. */
static enum stream_result read_rest(struct stream *stream)
{
  ssize_t count = RETRY_EINTR(read(stream->rest, stream->packet + 1, STREAM_CHUNK));
  if (count > 0) {
    stream->length = 1 + (size_t)count;
    return STREAM_PACKET;
  }
  cleanup_fd(&stream->rest);
  stream->rest = -1;
  return STREAM_ENDED;
}

enum stream_result stream_read(struct stream *stream, struct log *log)
{
  if (stream->rest >= 0)
    return read_rest(stream);
  if (stream->fd < 0)
    return STREAM_ENDED;
  ssize_t count = RETRY_EINTR(read(stream->fd, stream->packet + 1, STREAM_CHUNK));
  if (count > 0) {
    stream->length = 1 + (size_t)count;
    log_feed(log, stream->name, stream->packet + 1, (size_t)count);
    return STREAM_PACKET;
  }
  if (count < 0 && errno == EAGAIN)
    return STREAM_IDLE;
  /* 0: no writer is left. EIO: the same of a terminal. */
  close_source(stream, log);
  return STREAM_ENDED;
}

/* Keeps bytes for clients that are behind. Without room for the file they get what they have got and then the end. */
static void keep(struct stream *stream, const char *bytes, size_t length)
{
  if (stream->rest < 0)
    stream->rest = memfd_create("skiff-output", MFD_CLOEXEC);
  while (stream->rest >= 0 && length > 0) {
    ssize_t count = RETRY_EINTR(write(stream->rest, bytes, length));
    if (count <= 0)
      return;
    bytes += count;
    length -= (size_t)count;
  }
}

void stream_finish(struct stream *stream, struct log *log)
{
  char bytes[4096];
  ssize_t count;
  while (stream->fd >= 0 && (count = RETRY_EINTR(read(stream->fd, bytes, sizeof bytes))) > 0) {
    log_feed(log, stream->name, bytes, (size_t)count);
    keep(stream, bytes, (size_t)count);
  }
  if (stream->fd >= 0)
    close_source(stream, log);
  if (stream->rest >= 0)
    (void)lseek(stream->rest, 0, SEEK_SET); /* can't fail on a memory file */
}
