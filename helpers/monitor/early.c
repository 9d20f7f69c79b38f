#define _GNU_SOURCE
#include "early.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "guarded.h"
#include "monitor.h"

#define CONFIG "config.json"
#define EARLY "runtime.json"

/* A descriptor of the new FIFO, for both directions, so that nobody's coming or going is an end. -1: not to be had. */
static int make_fifo(int bundle)
{
  (void)unlinkat(bundle, EARLY, 0); /* of a run that was cut; else there is none */
  if (mkfifoat(bundle, EARLY, 0600) < 0)
    return -1;
  return openat(bundle, EARLY, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
}

/* In one step: whoever opens it finds the FIFO or all of the file. */
static bool replace_fifo(int bundle)
{
  (void)unlinkat(bundle, EARLY ".new", 0); /* as above */
  return linkat(bundle, CONFIG, bundle, EARLY ".new", 0) == 0 && renameat(bundle, EARLY ".new", bundle, EARLY) == 0;
}

/* Whether anybody reads is not known, so all of it has to fit. */
static bool make_room(int fifo, off_t size)
{
  return size <= fcntl(fifo, F_GETPIPE_SZ) || (size <= INT_MAX && fcntl(fifo, F_SETPIPE_SZ, (int)size) >= size);
}

static bool feed(int bundle, int fifo)
{
  struct stat status;
  _cleanup_fd_ int file = openat(bundle, CONFIG, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0 || fstat(file, &status) < 0 || !S_ISREG(status.st_mode) || !make_room(fifo, status.st_size) || !replace_fifo(bundle))
    return false;
  for (off_t rest = status.st_size; rest > 0;) {
    ssize_t count = RETRY_EINTR(sendfile(fifo, file, NULL, (size_t)rest));
    if (count <= 0)
      return false;
    rest -= count;
  }
  return true;
}

static void end_runtime(struct monitor *monitor)
{
  if (monitor->runtime.running)
    (void)kill(monitor->runtime.pid, SIGKILL); /* not waited for yet, so it is there */
  while (monitor->runtime.running)
    loop_turn(monitor, -1);
}

bool early_await(struct monitor *monitor, struct birth birth, bool *started)
{
  char path[PATH_MAX];
  _cleanup_fd_ int bundle = open(monitor->options.bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
  bool fits = (size_t)snprintf(path, sizeof path, "%s/" EARLY, monitor->options.bundle) < sizeof path;
  _cleanup_fd_ int fifo = bundle >= 0 && fits && runtime_is_crun(monitor->options.runtime) ? make_fifo(bundle) : -1;
  birth.config = path;
  *started = fifo >= 0 && runtime_create(monitor, &birth, child_start_bound) == 0;
  while (!monitor->bundle_told && !monitor->start_abandoned && !monitor->terminate)
    loop_turn(monitor, -1);
  if (!monitor->bundle_told) {
    end_runtime(monitor);
    return false;
  }
  if (*started && !feed(bundle, fifo)) {
    end_runtime(monitor); /* before its FIFO ends: it would read a part */
    *started = false;
  }
  return true;
}
