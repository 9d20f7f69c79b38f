#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "cleanup.h"
#include "clock.h"
#include "log-drivers.h"

enum { JOURNAL_WAIT_MS = 5000, JOURNAL_RETRY_MS = 50 };

static const struct sockaddr_un journal_address = {.sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET};

int journal_open(struct journal *journal)
{
  if (access(JOURNAL_SOCKET, W_OK) < 0)
    return -1;
  journal->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return journal->fd < 0 ? -1 : 0;
}

/* Appends "NAME=value\n", where there is a value. It comes from our own command line; a newline in it would end the field. */
static size_t add_field(char *text, size_t size, size_t at, const char *name, const char *value)
{
  if (!value)
    return at;
  int length = snprintf(text + at, size - at, "%s=%.*s\n", name, (int)strcspn(value, "\n"), value);
  return length < 0 || (size_t)length >= size - at ? at : at + (size_t)length;
}

/* Sends one message; waits for a journal that restarts or is overfull, but not again until it has taken one. */
static bool journal_send(struct journal *journal, const struct msghdr *message)
{
  long long until = clock_ms() + (journal->failing ? 0 : JOURNAL_WAIT_MS);
  for (;;) {
    if (RETRY_EINTR(sendmsg(journal->fd, message, MSG_NOSIGNAL)) >= 0)
      return true;
    bool away = errno == ECONNREFUSED || errno == ENOENT;
    bool full = errno == EAGAIN || errno == ENOBUFS;
    if ((!away && !full) || clock_ms() >= until)
      return false;
    /* An unconnected datagram socket can't be polled for its peer's room. */
    (void)poll(NULL, 0, JOURNAL_RETRY_MS);
  }
}

void journal_entry(struct journal *journal, const struct options *options, const struct log_entry *entry)
{
  char fields[2048];
  char short_id[13];
  (void)snprintf(short_id, sizeof short_id, "%s", options->id);
  const char *identifier = options->log_tag ? options->log_tag : options->log_name ? options->log_name : short_id;
  size_t length = 0;
  length = add_field(fields, sizeof fields, length, "CONTAINER_ID_FULL", options->id);
  length = add_field(fields, sizeof fields, length, "PRIORITY", entry->stream == STREAM_STDOUT ? "6" : "3");
  length = add_field(fields, sizeof fields, length, "CONTAINER_ID", short_id);
  length = add_field(fields, sizeof fields, length, "CONTAINER_TAG", options->log_tag);
  length = add_field(fields, sizeof fields, length, "CONTAINER_NAME", options->log_name);
  length = add_field(fields, sizeof fields, length, "SYSLOG_IDENTIFIER", identifier);
  if (entry->partial)
    length = add_field(fields, sizeof fields, length, "CONTAINER_PARTIAL_MESSAGE", "true");

  /* The form with a length takes any byte. */
  uint64_t size = htole64(entry->length);
  struct iovec parts[] = {
      {.iov_base = fields, .iov_len = length},
      {.iov_base = (void *)"MESSAGE\n", .iov_len = 8},
      {.iov_base = &size, .iov_len = sizeof size},
      {.iov_base = (void *)entry->bytes, .iov_len = entry->length},
      {.iov_base = (void *)"\n", .iov_len = 1},
  };
  struct msghdr message = {
      .msg_name = (void *)&journal_address,
      .msg_namelen = sizeof journal_address,
      .msg_iov = parts,
      .msg_iovlen = ARRAY_LENGTH(parts),
  };
  size_t raw = entry->notice ? 0 : entry->length + !entry->partial;
  journal->failing = !journal_send(journal, &message);
  if (journal->failing) {
    journal->dropped += raw;
    journal->unreported += raw;
  } else if (entry->notice) {
    journal->unreported = 0;
  }
}

void journal_close(struct journal *journal)
{
  cleanup_fd(&journal->fd);
  journal->fd = -1;
}
