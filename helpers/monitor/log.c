#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "log-drivers.h"

int log_open(struct log *log, const struct options *options, const char **what)
{
  log->options = options;
  log->file.fd = -1;
  log->journal.fd = -1;
  switch (options->log_driver) {
  case LOG_JSON_FILE:
  case LOG_K8S_FILE:
    *what = options->log_path;
    return log_file_open(&log->file, options->log_path, options->log_max_size, options->log_max_files);
  case LOG_JOURNALD:
    *what = JOURNAL_SOCKET;
    return journal_open(&log->journal);
  case LOG_NONE:
  case LOG_PASSTHROUGH: break;
  }
  return 0;
}

static void write_entry(struct log *log, const struct log_entry *entry)
{
  switch (log->options->log_driver) {
  case LOG_JSON_FILE: json_entry(&log->file, entry); break;
  case LOG_K8S_FILE: k8s_entry(&log->file, entry); break;
  case LOG_JOURNALD: journal_entry(&log->journal, log->options, entry); break;
  case LOG_NONE:
  case LOG_PASSTHROUGH: break;
  }
}

static bool wants_notice(const struct log *log)
{
  if (log->options->log_driver == LOG_JOURNALD)
    return log->journal.unreported > 0;
  return log_file_wants_notice(&log->file);
}

const char *log_loss(const struct log *log)
{
  if (log->journal.unreported > 0)
    return "the journal took none";
  return log->file.unreported > 0 ? strerror(log->file.last_error) : NULL;
}

/* One entry that says how many bytes are missing here, and why. */
static void write_notice(struct log *log, const char *time)
{
  bool journal = log->options->log_driver == LOG_JOURNALD;
  char text[160];
  int length = snprintf(text, sizeof text, "skiff: %llu bytes of output were not logged: %s",
                        journal ? log->journal.unreported : log->file.unreported, log_loss(log));
  struct log_entry notice = {
      .stream = STREAM_STDERR, .bytes = text, .length = (size_t)length, .notice = true, .time = time};
  write_entry(log, &notice);
}

static void emit(struct log *log, enum stream_name stream, const char *bytes, size_t length, bool partial,
                 const char *time)
{
  if (wants_notice(log))
    write_notice(log, time);
  struct log_entry entry = {.stream = stream, .bytes = bytes, .length = length, .partial = partial, .time = time};
  write_entry(log, &entry);
}

/* How much of a full line buffer goes out: all, but for a character that has only just begun. */
static size_t cut_at_character(const char *bytes, size_t length)
{
  for (size_t back = 1; back <= 3 && back <= length; back++) {
    unsigned char byte = (unsigned char)bytes[length - back];
    if (byte < 0x80)
      break;
    if (byte >= 0xc0) {
      size_t needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needs > back ? length - back : length;
    }
  }
  return length;
}

/* Logs the first bytes of what is held back as a part of a line. */
static void put_out(struct log *log, enum stream_name stream, size_t length, const char *time)
{
  struct log_line *line = &log->lines[stream];
  emit(log, stream, line->bytes, length, true, time);
  line->length -= length;
  memmove(line->bytes, line->bytes + length, line->length);
}

/* Adds bytes without a newline to a line; full ones are logged in parts. */
static void hold_back(struct log *log, enum stream_name stream, const char *bytes, size_t length, const char *time)
{
  struct log_line *line = &log->lines[stream];
  while (length > 0) {
    size_t part = sizeof line->bytes - line->length;
    if (part > length)
      part = length;
    memcpy(line->bytes + line->length, bytes, part);
    line->length += part;
    bytes += part;
    length -= part;
    if (line->length == sizeof line->bytes)
      put_out(log, stream, cut_at_character(line->bytes, line->length), time);
  }
}

static void format_time(const struct log *log, char time[TIME_TEXT])
{
  clock_text(time, log->options->log_driver == LOG_JSON_FILE);
}

static bool keeps_nothing(const struct log *log)
{
  return log->options->log_driver == LOG_NONE || log->options->log_driver == LOG_PASSTHROUGH;
}

void log_feed(struct log *log, enum stream_name stream, const char *bytes, size_t length)
{
  if (keeps_nothing(log))
    return;
  char time[TIME_TEXT];
  format_time(log, time);
  struct log_line *line = &log->lines[stream];
  const char *newline;
  while (length > 0 && (newline = memchr(bytes, '\n', length))) {
    size_t part = (size_t)(newline - bytes);
    if (line->length == 0 && part <= LOG_LINE_MAX) {
      emit(log, stream, bytes, part, false, time);
    } else {
      hold_back(log, stream, bytes, part, time);
      emit(log, stream, line->bytes, line->length, false, time);
      line->length = 0;
    }
    bytes += part + 1;
    length -= part + 1;
  }
  hold_back(log, stream, bytes, length, time);
  line->idle_at_ms = line->length > 0 ? clock_ms() + LOG_IDLE_MS : 0;
  if (log->file.fd >= 0)
    log_file_flush(&log->file);
}

long long log_idle_at(const struct log *log, enum stream_name stream)
{
  return log->lines[stream].idle_at_ms;
}

void log_idle(struct log *log, enum stream_name stream)
{
  struct log_line *line = &log->lines[stream];
  char time[TIME_TEXT];
  line->idle_at_ms = 0;
  /* The rest of a character may yet come. */
  size_t out = cut_at_character(line->bytes, line->length);
  if (out == 0)
    return;
  format_time(log, time);
  put_out(log, stream, out, time);
  if (log->file.fd >= 0)
    log_file_flush(&log->file);
}

void log_end_of_stream(struct log *log, enum stream_name stream)
{
  struct log_line *line = &log->lines[stream];
  if (keeps_nothing(log) || line->length == 0)
    return;
  char time[TIME_TEXT];
  format_time(log, time);
  emit(log, stream, line->bytes, line->length, true, time);
  line->length = 0;
  line->idle_at_ms = 0;
  if (log->file.fd >= 0)
    log_file_flush(&log->file);
}

unsigned long long log_dropped(const struct log *log)
{
  return log->file.dropped + log->journal.dropped;
}

void log_close(struct log *log)
{
  for (enum stream_name stream = 0; stream < STREAM_COUNT; stream++)
    log_end_of_stream(log, stream);
  if (!keeps_nothing(log) && wants_notice(log)) {
    char time[TIME_TEXT];
    format_time(log, time);
    write_notice(log, time);
  }
  if (log->file.fd >= 0)
    log_file_close(&log->file);
  if (log->journal.fd >= 0)
    journal_close(&log->journal);
}
