#define _GNU_SOURCE
#include "log-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"

enum { LOG_MODE = 0640, LOG_FLAGS = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY };

/* Bytes up to and with the last newline of the file; 0 where there is none. -1 with errno. */
static off_t whole_entries(int fd, off_t size)
{
  char block[4096];
  while (size > 0) {
    off_t from = size > (off_t)sizeof block ? size - (off_t)sizeof block : 0;
    ssize_t got = RETRY_EINTR(pread(fd, block, (size_t)(size - from), from));
    if (got < 0)
      return -1;
    const char *newline = memrchr(block, '\n', (size_t)got);
    if (newline)
      return from + (newline - block) + 1;
    size = from;
  }
  return 0;
}

int log_file_open(struct log_file *file, const char *path, long long max_size, int max_files)
{
  size_t length = strlen(path);
  if (length >= sizeof file->path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(file->path, path, length + 1);
  file->max_size = max_size;
  file->max_files = max_files;
  char fresh[PATH_MAX];
  (void)snprintf(fresh, sizeof fresh, "%s.new", path);
  if (unlink(fresh) < 0 && errno != ENOENT)
    return -1;
  /* Read and write: the end of the file is looked at once. */
  _cleanup_fd_ int fd = open(path, (LOG_FLAGS & ~O_WRONLY) | O_RDWR, LOG_MODE);
  struct stat status;
  if (fd < 0 || fstat(fd, &status) < 0)
    return -1;
  if (!S_ISREG(status.st_mode)) {
    errno = EINVAL;
    return -1;
  }
  off_t whole = whole_entries(fd, status.st_size);
  if (whole < 0 || (whole < status.st_size && ftruncate(fd, whole) < 0))
    return -1;
  file->size = whole;
  file->fd = take_fd(&fd);
  return 0;
}

/* NAME, NAME.1, … for a number. */
static void numbered(const struct log_file *file, char name[PATH_MAX], int number)
{
  (void)snprintf(name, PATH_MAX, number ? "%s.%d" : "%s", file->path, number);
}

/* Starts a fresh file. Where that fails the present one is written on, and the next entry tries again. */
static void rotate(struct log_file *file)
{
  char fresh[PATH_MAX], from[PATH_MAX], to[PATH_MAX];
  (void)snprintf(fresh, sizeof fresh, "%s.new", file->path);
  _cleanup_fd_ int fd = open(fresh, LOG_FLAGS | O_TRUNC, LOG_MODE);
  if (fd < 0)
    return;
  for (int number = file->max_files - 1; number >= 1; number--) {
    numbered(file, from, number - 1);
    numbered(file, to, number);
    if (rename(from, to) < 0 && errno != ENOENT) {
      (void)unlink(fresh); /* made a moment ago and empty; the next rotation makes it anew */
      return;
    }
  }
  if (rename(fresh, file->path) < 0)
    return;
  (void)close(file->fd); /* a log on a disk: its bytes are the kernel's already */
  file->fd = take_fd(&fd);
  file->size = 0;
}

/* Counts container bytes as lost. */
static void drop(struct log_file *file, unsigned long long raw)
{
  file->dropped += raw;
  file->unreported += raw;
}

/*
 * Cuts the file back by `excess` bytes just written. Measured from the present end: whoever emptied the log behind our back
 * (a common habit) must not get a hole.
 */
static void cut_back(struct log_file *file, size_t excess)
{
  struct stat status;
  if (excess == 0 || fstat(file->fd, &status) < 0)
    return;
  off_t keep = status.st_size > (off_t)excess ? status.st_size - (off_t)excess : 0;
  if (ftruncate(file->fd, keep) == 0)
    file->size = keep;
}

/* Writes as much as goes; remembers the error. */
static size_t write_some(struct log_file *file, const char *bytes, size_t length)
{
  size_t done = 0;
  while (done < length) {
    ssize_t count = RETRY_EINTR(write(file->fd, bytes + done, length - done));
    if (count <= 0) {
      file->last_error = count < 0 ? errno : ENOSPC;
      break;
    }
    done += (size_t)count;
  }
  file->size += (long long)done;
  return done;
}

/* Ends the batch's account: `kept` of its entries are on disk, the others are lost. */
static void settle(struct log_file *file, size_t kept)
{
  if (file->notice && kept)
    file->unreported = 0;
  for (size_t i = kept; i < file->marks_length; i++)
    drop(file, file->marks[i].raw);
  file->marks_length = 0;
  file->head = 0;
  file->notice = false;
}

void log_file_flush(struct log_file *file)
{
  if (file->marks_length == 0)
    return;
  size_t whole = file->marks[file->marks_length - 1].end;
  size_t done = write_some(file, file->batch, whole);
  size_t kept = 0;
  /* A notice that fits only because what follows does not would come again and again: all or nothing then. */
  if (done == whole || !file->notice)
    while (kept < file->marks_length && file->marks[kept].end <= done)
      kept++;
  cut_back(file, kept ? done - file->marks[kept - 1].end : done + file->head);
  settle(file, kept);
  file->length -= whole;
  memmove(file->batch, file->batch + whole, file->length);
}

bool log_file_wants_notice(const struct log_file *file)
{
  return file->unreported > 0 && file->length == 0;
}

void log_file_begin(struct log_file *file, size_t raw, bool notice)
{
  if (file->marks_length == LOG_BATCH_ENTRIES)
    log_file_flush(file);
  if (file->max_size > 0 && file->size + (long long)file->length >= file->max_size) {
    log_file_flush(file);
    if (file->size >= file->max_size)
      rotate(file);
  }
  file->raw = (uint32_t)raw;
  file->skipping = false;
  if (notice)
    file->notice = true;
}

/* Makes room in a batch that holds nothing but the first part of one entry. */
static void write_part(struct log_file *file)
{
  size_t done = write_some(file, file->batch, file->length);
  file->head += done;
  if (done < file->length) {
    cut_back(file, file->head);
    file->head = 0;
    file->skipping = true;
    drop(file, file->raw);
  }
  file->length = 0;
}

void log_file_add(struct log_file *file, const char *bytes, size_t length)
{
  while (length > 0 && !file->skipping) {
    size_t room = LOG_BATCH_SIZE - file->length;
    if (room == 0 && file->marks_length > 0)
      log_file_flush(file);
    else if (room == 0)
      write_part(file);
    size_t part = LOG_BATCH_SIZE - file->length;
    if (part > length)
      part = length;
    if (file->skipping)
      break;
    memcpy(file->batch + file->length, bytes, part);
    file->length += part;
    bytes += part;
    length -= part;
  }
}

void log_file_end(struct log_file *file)
{
  if (file->skipping)
    return;
  file->marks[file->marks_length++] = (struct log_mark){.end = (uint32_t)file->length, .raw = file->raw};
}

void log_file_close(struct log_file *file)
{
  log_file_flush(file);
  if (file->fd >= 0)
    (void)close(file->fd); /* the kernel has every byte; the exit record does not wait for the disk either */
  file->fd = -1;
}
