#define _GNU_SOURCE
#include "exit-record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "monitor.h"

size_t exit_record_text(const struct monitor *monitor, char *text)
{
  int length = snprintf(text, EXIT_RECORD_MAX,
                        "{\"exitCode\":%d,\"startedAt\":\"%s\",\"finishedAt\":\"%s\",\"oomKilled\":%s,\"droppedLogBytes\":%llu}",
                        monitor->exit_code, monitor->started_at, monitor->finished_at,
                        monitor->oom_killed ? "true" : "false", log_dropped(&monitor->log));
  return (size_t)length;
}

/* Writes `path` (below `directory`, or absolute) by way of `path`.tmp. 0, or -1 with errno. */
static int write_by_rename(int directory, const char *path, const char *text, size_t length, bool sync)
{
  char temporary[PATH_MAX];
  if ((size_t)snprintf(temporary, sizeof temporary, "%s.tmp", path) >= sizeof temporary) {
    errno = ENAMETOOLONG;
    return -1;
  }
  _cleanup_fd_ int fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return -1;
  ssize_t count = RETRY_EINTR(write(fd, text, length));
  bool written = count == (ssize_t)length && (!sync || fsync(fd) == 0);
  if (written && renameat(directory, temporary, directory, path) == 0)
    return 0;
  int error = count >= 0 && count < (ssize_t)length ? ENOSPC : errno;
  (void)unlinkat(directory, temporary, 0); /* so that a full disk isn't made fuller; the next one truncates it anyway */
  errno = error;
  return -1;
}

bool exit_record_write(const struct monitor *monitor, bool *in_run_dir)
{
  char text[EXIT_RECORD_MAX + 1];
  size_t length = exit_record_text(monitor, text);
  text[length++] = '\n';
  bool sync = monitor->options.removals.length == 0;
  *in_run_dir = false;
  if (write_by_rename(AT_FDCWD, monitor->options.exit_file, text, length, sync) == 0)
    return true;
  *in_run_dir = write_by_rename(monitor->run_dir, "exit.json", text, length, false) == 0;
  return *in_run_dir;
}

/* Field 22 of /proc/<pid>/stat, 0 where it can't be read. The name before it may hold anything, also ")". */
static unsigned long long process_start_time(pid_t pid)
{
  char path[64], text[1024];
  (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return 0;
  ssize_t count = RETRY_EINTR(read(fd, text, sizeof text - 1));
  if (count <= 0)
    return 0;
  text[count] = '\0';
  const char *at = strrchr(text, ')');
  for (int field = 2; at && field < 22; field++)
    at = strchr(at + 1, ' ');
  return at ? strtoull(at + 1, NULL, 10) : 0;
}

int state_write(const struct monitor *monitor)
{
  char text[160];
  int length = snprintf(text, sizeof text, "{\"pid\":%d,\"startedAt\":\"%s\",\"startTime\":%llu}\n",
                        (int)monitor->container.pid, monitor->started_at, process_start_time(monitor->container.pid));
  return write_by_rename(monitor->run_dir, "state.json", text, (size_t)length, false);
}

void loss_record(struct monitor *monitor)
{
  const char *reason = log_loss(&monitor->log);
  if ((reason != NULL) == monitor->loss_told)
    return;
  if (!reason) {
    monitor->loss_told = unlinkat(monitor->run_dir, LOSS_FILE, 0) < 0 && errno != ENOENT;
    return;
  }
  char text[160], since[TIME_TEXT];
  clock_text(since, false);
  int length = snprintf(text, sizeof text, "{\"since\":\"%s\",\"reason\":\"%s\"}\n", since, reason);
  monitor->loss_told = write_by_rename(monitor->run_dir, LOSS_FILE, text, (size_t)length, false) == 0;
}
