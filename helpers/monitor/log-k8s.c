#include <string.h>

#include "log-drivers.h"

void k8s_entry(struct log_file *file, const struct log_entry *entry)
{
  log_file_begin(file, entry->notice ? 0 : entry->length + !entry->partial, entry->notice);
  log_file_add(file, entry->time, strlen(entry->time));
  const char *stream = entry->stream == STREAM_STDOUT ? " stdout " : " stderr ";
  log_file_add(file, stream, strlen(stream));
  log_file_add(file, entry->partial ? "P " : "F ", 2);
  log_file_add(file, entry->bytes, entry->length);
  log_file_add(file, "\n", 1);
  log_file_end(file);
}
