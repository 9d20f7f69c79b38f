/* The end: the container must be gone for everyone when its clients are told. src/runtime/index.ts has the order. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <unistd.h>

#include "cleanup.h"
#include "exit-record.h"
#include "monitor.h"
#include "remove.h"
#include "status.h"
#include "warn.h"

enum { STRAY_WAIT_MS = 5000, STRAY_LOOK_MS = 100 };

/*
 * Has the runtime delete the container, which also ends what is left of it (a process of `--pid host` may outlive the first
 * one, and hold the pipes). Output goes on being logged meanwhile.
 */
static void start_delete(struct monitor *monitor)
{
  /* Starting the runtime costs more than what it would do. A cgroup that is still in use is for it to empty. */
  const char *folder = monitor->options.forget;
  if (folder && !monitor->container.running && cgroup_remove(&monitor->cgroup) && remove_tree(folder) == 0)
    return;
  int error = runtime_delete(monitor);
  if (error)
    warn("start", monitor->options.runtime, error);
}

static void finish_delete(struct monitor *monitor)
{
  while (monitor->runtime.running)
    loop_turn(monitor, -1);
  if (monitor->container.running)
    (void)kill_first(monitor, SIGKILL); /* ours and alive, so it can't fail; its end is waited for */
  while (monitor->container.running)
    loop_turn(monitor, -1);
}

/* True when one of our children has been told to end. */
static bool kill_children(void)
{
  char path[64], text[4096];
  (void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
  _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t count = fd < 0 ? -1 : RETRY_EINTR(read(fd, text, sizeof text - 1));
  if (count <= 0)
    return false; /* none, or a kernel that doesn't list them */
  text[count] = '\0';
  bool any = false;
  char *at = text, *end;
  for (long pid; (pid = strtol(at, &end, 10)) > 0 && end != at && *end; at = end)
    any |= kill((pid_t)pid, SIGKILL) == 0; /* not waited for yet, so it is no one else's pid */
  return any;
}

/*
 * A container without a pid namespace of its own may leave processes that no cgroup named. They are our children by now, one
 * after the other: that is what a subreaper is. One that can't die (waiting for a lost disk) is not waited for.
 */
static void end_strays(struct monitor *monitor)
{
  long long until = clock_ms() + STRAY_WAIT_MS;
  monitor->reaps_all = true;
  loop_reap(monitor);
  while (kill_children() && clock_ms() < until) {
    loop_turn(monitor, STRAY_LOOK_MS);
    loop_reap(monitor);
  }
}

static bool removes(const struct options *options)
{
  return options->removals.length > 0;
}

static void unmount_all(const struct monitor *monitor)
{
  const struct list *paths = &monitor->options.unmounts;
  for (size_t i = 0; i < paths->length; i++)
    if (umount2(paths->items[i], MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT)
      warn("unmount", paths->items[i], errno);
}

/*
 * Removes the run dir, the lock file last: until then no other monitor can be born here. Whoever holds `change` is at work on
 * the container and has the folder now, unless the container is gone; while we hold it, nobody else gets in.
 */
static void remove_run_dir(const struct monitor *monitor)
{
  _cleanup_fd_ int change = openat(monitor->run_dir, "change", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (change >= 0 && RETRY_EINTR(flock(change, LOCK_EX | LOCK_NB)) < 0 && !removes(&monitor->options))
    return;
  int error = remove_content(monitor->run_dir, "lock");
  if (error)
    warn("empty", monitor->options.run_dir, error);
  if (unlinkat(monitor->run_dir, "lock", 0) < 0 && errno != ENOENT)
    warn("remove", monitor->options.run_dir, errno);
  /* Not empty: a command that waited for `change` has made its own by now. It finds that the container is over, and the folder is its to remove. */
  if (rmdir(monitor->options.run_dir) < 0 && errno != ENOENT && errno != ENOTEMPTY)
    warn("remove", monitor->options.run_dir, errno);
}

static void run_cleanup(struct monitor *monitor)
{
  static const int nothing[3] = {-1, -1, -1};
  const struct list *command = &monitor->options.cleanup;
  if (command->length == 0)
    return;
  /* The list was made with room for the NULL, and zeroed. */
  int error = child_start(&monitor->runtime, command->items[0], command->items, environ, nothing);
  if (error)
    warn("start", command->items[0], error);
  while (monitor->runtime.running)
    loop_turn(monitor, -1);
}

/* The runtime forgets the container; all it said is in the log. */
static void conclude(struct monitor *monitor)
{
  finish_delete(monitor);
  end_strays(monitor);
  for (enum stream_name name = 0; name < STREAM_COUNT; name++)
    stream_finish(&monitor->streams[name], &monitor->log);
  log_close(&monitor->log);
  input_close(monitor);
}

static void clear_run_dir(struct monitor *monitor, bool keep_run_dir)
{
  /* None may be taken for a living container's. */
  (void)unlinkat(monitor->run_dir, "state.json", 0);
  (void)unlinkat(monitor->run_dir, "attach", 0);
  (void)unlinkat(monitor->run_dir, LOSS_FILE, 0); /* the exit record tells of the bytes */
  if (!keep_run_dir)
    remove_run_dir(monitor);
  cleanup_fd(&monitor->options.lock_fd);
  monitor->options.lock_fd = -1;
  run_cleanup(monitor);
}

/*
 * The container's files go out of sight while the runtime deletes what it knows: neither needs the other, and `run --rm` waits for both. To
 * remove them is left for farewell().
 */
void finish_ended(struct monitor *monitor)
{
  bool kept_in_run_dir = false;
  start_delete(monitor);
  if (removes(&monitor->options)) {
    unmount_all(monitor);
    trash_set_aside(&monitor->trash, &monitor->options);
  }
  conclude(monitor);
  if (!removes(&monitor->options)) {
    unmount_all(monitor);
    if (!exit_record_write(monitor, &kept_in_run_dir))
      warn("write", monitor->options.exit_file, errno);
  }
  clear_run_dir(monitor, kept_in_run_dir);
  monitor->ended = true;
}

void finish_abandoned(struct monitor *monitor)
{
  start_delete(monitor);
  conclude(monitor);
  unmount_all(monitor);
  trash_set_aside(&monitor->trash, &monitor->options);
  clear_run_dir(monitor, false);
  trash_remove(&monitor->trash);
}

/* All that there is was the command's before, and stays its. */
void finish_unborn(struct monitor *monitor)
{
  log_close(&monitor->log);
  input_close(monitor);
  (void)unlinkat(monitor->run_dir, "attach", 0); /* goes with the run dir at the latest */
}

void finish_failed(struct monitor *monitor, const struct failure *failure)
{
  start_delete(monitor);
  conclude(monitor);
  bool told = strcmp(failure->operation, "runtime")
                  ? status_error(monitor->status, failure->operation, failure->argument, failure->error)
                  : status_runtime_error(monitor->status, failure->exit_code, monitor->said.bytes, monitor->said.length);
  if (!told)
    finish_abandoned(monitor);
}

void farewell(struct monitor *monitor)
{
  if (monitor->clients.listener >= 0)
    clients_accept(&monitor->clients);
  loop_turn(monitor, 0); /* hellos that are already here */
  clients_send_exit(monitor);
  cleanup_fd(&monitor->clients.listener);
  monitor->clients.listener = -1;
  trash_remove(&monitor->trash);
  /* Whoever stops reading for good keeps us, but nothing of the container. SIGTERM still ends us. */
  while (!monitor->terminate && (monitor->clients.first_is_silent || clients_owe(monitor)))
    loop_turn(monitor, -1);
}
