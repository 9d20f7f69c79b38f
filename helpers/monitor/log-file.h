/*
 * A log file made of entries, each ending in the only newline it has. Rotated by renames; survives a full disk.
 *
 * Rotation (max_size, max_files): once the file has max_size bytes, the next entry goes to a fresh one: NAME.new is made,
 * NAME.<n-1> becomes NAME.<n> from the oldest down, NAME becomes NAME.1, NAME.new becomes NAME. A cut at any point loses no entry
 * and doubles none: at worst a number is missing, or NAME (it is made again when the log is opened next). A reader that opens
 * NAME first, then NAME.1 and so on, and skips an inode it already has, sees each entry once, even while files are rotated.
 *
 * Full disk: entries that can't be written whole are cut off again and dropped; the container goes on. The bytes that are
 * lost are counted, and the first batch that fits again starts with a notice of how many.
 */
#pragma once
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_BATCH_SIZE 32768
#define LOG_BATCH_ENTRIES 1024

/* The end of an entry within the batch, and what it stands for. */
struct log_mark {
  uint32_t end;
  uint32_t raw; /* bytes of container output */
};

struct log_file {
  int fd;
  int last_error; /* errno of the last failed write */
  long long size; /* bytes in the file, as far as we know */
  long long max_size;
  int max_files;
  unsigned long long dropped;    /* container bytes lost in all */
  unsigned long long unreported; /* of these, not yet told in a notice */
  uint32_t raw;                  /* container bytes of the entry under way */
  bool skipping;                 /* the entry under way is being dropped */
  size_t head;                   /* bytes on disk of the entry that the batch starts in the middle of */
  bool notice;                   /* the batch starts with a notice */
  size_t length;                 /* of the batch */
  size_t marks_length;
  struct log_mark marks[LOG_BATCH_ENTRIES];
  char batch[LOG_BATCH_SIZE];
  char path[PATH_MAX - 16]; /* room for a suffix */
};

/* Opens or makes the log (mode 0640) and cuts off an entry that a killed writer left half-written. 0, or -1 with errno. */
int log_file_open(struct log_file *file, const char *path, long long max_size, int max_files);

/* True when a notice of the `unreported` bytes should be the next entry (begun with `notice` and a raw of 0). */
bool log_file_wants_notice(const struct log_file *file);

/* An entry: begin, add any number of times, end. `raw` is the number of the container's bytes in it. */
void log_file_begin(struct log_file *file, size_t raw, bool notice);
void log_file_add(struct log_file *file, const char *bytes, size_t length);
void log_file_end(struct log_file *file);

/* Writes the batch. Called when nothing more is at hand, so that readers see every entry at once. */
void log_file_flush(struct log_file *file);

/* Flushes and closes. */
void log_file_close(struct log_file *file);
