#define _GNU_SOURCE
#include "status.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "utf8.h"

/* Long enough for 4 KiB in which every byte is escaped. */
enum { LINE_SIZE = 6 * 4096 + 256 };

struct line {
  size_t length;
  char text[LINE_SIZE];
};

static void add(struct line *line, const char *text, size_t length)
{
  if (length <= sizeof line->text - line->length) {
    memcpy(line->text + line->length, text, length);
    line->length += length;
  }
}

/* A JSON string; bytes that are no UTF-8 become U+FFFD. */
static void add_string(struct line *line, const char *bytes, size_t length)
{
  const unsigned char *at = (const unsigned char *)bytes;
  const unsigned char *end = at + length;
  add(line, "\"", 1);
  while (at < end) {
    size_t character = utf8_length(at, (size_t)(end - at));
    if (character == 0) {
      add(line, "\xef\xbf\xbd", 3);
      character = 1;
    } else if (*at < 0x20 || *at == '"' || *at == '\\') {
      char escaped[8];
      (void)snprintf(escaped, sizeof escaped, "\\u%04x", *at);
      add(line, escaped, 6);
    } else {
      add(line, (const char *)at, character);
    }
    at += character;
  }
  add(line, "\"", 1);
}

static void add_text(struct line *line, const char *text)
{
  add(line, text, strlen(text));
}

static void add_number(struct line *line, long number)
{
  char text[24];
  (void)snprintf(text, sizeof text, "%ld", number);
  add_text(line, text);
}

static bool send_line(int fd, struct line *line)
{
  add_text(line, "}\n");
  size_t done = 0;
  while (fd >= 0 && done < line->length) {
    ssize_t count = RETRY_EINTR(write(fd, line->text + done, line->length - done));
    if (count <= 0)
      return false; /* EPIPE: the command has gone */
    done += (size_t)count;
  }
  return fd >= 0;
}

bool status_created(int fd, pid_t pid)
{
  struct line line;
  line.length = 0; /* not all of it: the rest would be touched for nothing */
  add_text(&line, "{\"event\":\"created\",\"pid\":");
  add_number(&line, pid);
  return send_line(fd, &line);
}

bool status_started(int fd, pid_t pid, const char *started_at)
{
  struct line line;
  line.length = 0; /* not all of it: the rest would be touched for nothing */
  add_text(&line, "{\"event\":\"started\",\"pid\":");
  add_number(&line, pid);
  add_text(&line, ",\"startedAt\":");
  add_string(&line, started_at, strlen(started_at));
  return send_line(fd, &line);
}

bool status_runtime_error(int fd, int exit_code, const char *said, size_t length)
{
  struct line line;
  line.length = 0; /* not all of it: the rest would be touched for nothing */
  add_text(&line, "{\"event\":\"error\",\"op\":\"runtime\",\"exitCode\":");
  add_number(&line, exit_code);
  add_text(&line, ",\"stderr\":");
  add_string(&line, said, length);
  return send_line(fd, &line);
}

bool status_error(int fd, const char *operation, const char *argument, int error)
{
  struct line line;
  line.length = 0; /* not all of it: the rest would be touched for nothing */
  add_text(&line, "{\"event\":\"error\",\"op\":");
  add_string(&line, operation, strlen(operation));
  add_text(&line, ",\"arg\":");
  add_string(&line, argument, strnlen(argument, 4096));
  add_text(&line, ",\"errno\":");
  add_number(&line, error);
  return send_line(fd, &line);
}
