#include <string.h>

#include "log-drivers.h"
#include "utf8.h"

#define ADD_LITERAL(file, text) log_file_add(file, text, sizeof(text) - 1)

static void add_unicode(struct log_file *file, unsigned value)
{
  static const char digits[] = "0123456789abcdef";
  char text[6] = {'\\', 'u', digits[value >> 12], digits[value >> 8 & 15], digits[value >> 4 & 15], digits[value & 15]};
  log_file_add(file, text, sizeof text);
}

/* True for what goes into a JSON string as it is. Docker escapes <, > and & as well. */
static bool is_plain(unsigned char byte)
{
  return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\' && byte != '<' && byte != '>' && byte != '&';
}

static void add_string(struct log_file *file, const char *bytes, size_t length)
{
  const unsigned char *at = (const unsigned char *)bytes;
  const unsigned char *end = at + length;
  while (at < end) {
    const unsigned char *plain = at;
    while (plain < end && is_plain(*plain))
      plain++;
    log_file_add(file, (const char *)at, (size_t)(plain - at));
    at = plain;
    if (at == end)
      break;
    size_t character = utf8_length(at, (size_t)(end - at));
    if (character == 0) {
      add_unicode(file, 0xdc00u | *at);
      character = 1;
    } else if (character == 3 && at[0] == 0xe2 && at[1] == 0x80 && (at[2] == 0xa8 || at[2] == 0xa9)) {
      add_unicode(file, 0x2000u | (at[2] & 0x3fu)); /* U+2028 and U+2029, which end a line in old JavaScript */
    } else if (character > 1) {
      log_file_add(file, (const char *)at, character);
    } else if (*at == '\n') {
      ADD_LITERAL(file, "\\n");
    } else if (*at == '\r') {
      ADD_LITERAL(file, "\\r");
    } else if (*at == '"' || *at == '\\') {
      char text[2] = {'\\', (char)*at};
      log_file_add(file, text, sizeof text);
    } else {
      add_unicode(file, *at);
    }
    at += character;
  }
}

void json_entry(struct log_file *file, const struct log_entry *entry)
{
  log_file_begin(file, entry->notice ? 0 : entry->length + !entry->partial, entry->notice);
  ADD_LITERAL(file, "{\"log\":\"");
  add_string(file, entry->bytes, entry->length);
  if (!entry->partial)
    ADD_LITERAL(file, "\\n");
  if (entry->stream == STREAM_STDOUT)
    ADD_LITERAL(file, "\",\"stream\":\"stdout\",\"time\":\"");
  else
    ADD_LITERAL(file, "\",\"stream\":\"stderr\",\"time\":\"");
  log_file_add(file, entry->time, strlen(entry->time));
  ADD_LITERAL(file, "\"}\n");
  log_file_end(file);
}
