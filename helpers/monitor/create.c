/* The container's birth: descriptors, the runtime's create or run, its first process. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "early.h"
#include "monitor.h"

#define PID_FILE "pid"

/* The container's side of its stdio; -1 is /dev/null. */
struct stdio {
  int fds[3];
};

static void cleanup_stdio(struct stdio *stdio)
{
  for (int fd = 0; fd < 3; fd++)
    if (stdio->fds[fd] > 2)
      cleanup_fd(&stdio->fds[fd]);
}

/* A pipe whose end on our side doesn't block (the container's does: it expects a plain pipe). */
static int half_blocking_pipe(int *ours, int *theirs, bool we_read)
{
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0)
    return -1;
  *ours = ends[we_read ? 0 : 1];
  *theirs = ends[we_read ? 1 : 0];
  return fcntl(*ours, F_SETFL, O_NONBLOCK);
}

static int open_stdio(struct monitor *monitor, struct stdio *stdio)
{
  const struct options *options = &monitor->options;
  if (options->log_driver == LOG_PASSTHROUGH) {
    *stdio = (struct stdio){{0, 1, 2}};
    return 0;
  }
  *stdio = (struct stdio){{-1, -1, -1}};
  if (options->terminal) {
    /* The container has its terminal; this is for the runtime's own words. */
    return half_blocking_pipe(&monitor->said.fd, &stdio->fds[2], true);
  }
  if (options->with_stdin && half_blocking_pipe(&monitor->input.fd, &stdio->fds[0], false) < 0)
    return -1;
  if (half_blocking_pipe(&monitor->streams[STREAM_STDOUT].fd, &stdio->fds[1], true) < 0)
    return -1;
  return half_blocking_pipe(&monitor->streams[STREAM_STDERR].fd, &stdio->fds[2], true);
}

static int fail(struct failure *failure, const char *operation, const char *argument, int error)
{
  *failure = (struct failure){.operation = operation, .argument = argument, .error = error};
  return -1;
}

/* The runtime has said no: its words are in `said`. */
static int runtime_failed(struct monitor *monitor, struct failure *failure)
{
  tail_read(&monitor->said);
  *failure = (struct failure){.operation = "runtime", .exit_code = child_exit_code(monitor->runtime.status)};
  return -1;
}

static void wait_for_runtime(struct monitor *monitor)
{
  while (monitor->runtime.running)
    loop_turn(monitor, -1);
}

/* The pid that the runtime wrote; 0 where there is none. */
static pid_t read_pid_file(const struct monitor *monitor)
{
  char text[24];
  _cleanup_fd_ int fd = openat(monitor->run_dir, PID_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0)
    return 0;
  ssize_t count = RETRY_EINTR(read(fd, text, sizeof text - 1));
  if (count <= 0)
    return 0;
  text[count] = '\0';
  (void)unlinkat(monitor->run_dir, PID_FILE, 0); /* goes with the run dir at the latest */
  long pid = strtol(text, NULL, 10);
  return pid > 1 && pid <= INT_MAX ? (pid_t)pid : 0;
}

/* A process's parent; 0 where there is no such process. */
static pid_t parent_of(pid_t pid)
{
  char path[64], text[1024];
  (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t count = fd < 0 ? -1 : RETRY_EINTR(read(fd, text, sizeof text - 1));
  if (count <= 0)
    return 0;
  text[count] = '\0';
  /* Behind the name, which may hold anything: ") S <parent>". */
  const char *at = strrchr(text, ')');
  return at && strlen(at) > 4 ? (pid_t)strtol(at + 4, NULL, 10) : 0;
}

static bool descends_from_us(pid_t pid)
{
  pid_t self = getpid();
  while (pid > 1 && pid != self)
    pid = parent_of(pid);
  return pid == self;
}

/*
 * Takes the first process over as our child. It becomes that when the last process between us ends: crun's `run` leaves one that
 * may outlive it for a moment.
 */
static int adopt(struct monitor *monitor, struct failure *failure)
{
  pid_t pid = read_pid_file(monitor);
  if (pid == 0)
    return fail(failure, "read the pid file of", monitor->options.runtime, EINVAL);
  siginfo_t info;
  while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0) {
    /* Looked at in this order: it may become ours in between. */
    if (!descends_from_us(pid) && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
      return fail(failure, "wait for the process of", monitor->options.runtime, errno);
    if (parent_of(pid) != getpid())
      loop_turn(monitor, -1); /* SIGCHLD of the one between us */
  }
  monitor->container = (struct child){.pid = pid, .running = true};
  monitor->reaps_all = true;
  cgroup_open(&monitor->cgroup, pid);
  loop_reap(monitor);
  return 0;
}

int create_container(struct monitor *monitor, struct failure *failure)
{
  const struct options *options = &monitor->options;
  char console[PATH_MAX], pid_file[PATH_MAX];
  __attribute__((cleanup(cleanup_stdio))) struct stdio stdio = {{-1, -1, -1}};
  if (open_stdio(monitor, &stdio) < 0)
    return fail(failure, "pipe", "", errno);
  if (options->terminal && terminal_listen(monitor, console, sizeof console) < 0)
    return fail(failure, "listen", console, errno);
  if ((size_t)snprintf(pid_file, sizeof pid_file, "%s/" PID_FILE, options->run_dir) >= sizeof pid_file)
    return fail(failure, "open", options->run_dir, ENAMETOOLONG);
  struct birth birth = {.console = options->terminal ? console : NULL, .pid_file = pid_file, .stdio = stdio.fds};
  bool started = false;
  if (options->await_bundle && !early_await(monitor, birth, &started))
    return 1;
  int error = started ? 0 : runtime_create(monitor, &birth, child_start);
  if (error)
    return fail(failure, "execve", options->runtime, error);
  cleanup_stdio(&stdio);
  stdio = (struct stdio){{-1, -1, -1}};
  wait_for_runtime(monitor);
  if (child_exit_code(monitor->runtime.status) != 0) {
    /* What it said went where the container's stderr would have gone. */
    if (!options->terminal)
      monitor->said.fd = take_fd(&monitor->streams[STREAM_STDERR].fd);
    return runtime_failed(monitor, failure);
  }
  if (options->terminal && monitor->terminal < 0) {
    /* Sent before it ended, so it is here. */
    if (monitor->console < 0)
      terminal_accept(monitor);
    if (monitor->console >= 0)
      terminal_receive(monitor);
    if (monitor->terminal < 0)
      return fail(failure, "receive the terminal from", options->runtime, EPROTO);
  }
  cleanup_fd(&monitor->said.fd);
  monitor->said.fd = -1;
  if (adopt(monitor, failure) < 0)
    return -1;
  monitor->reading = true;
  return 0;
}

int start_container(struct monitor *monitor, struct failure *failure)
{
  __attribute__((cleanup(cleanup_stdio))) struct stdio stdio = {{-1, -1, -1}};
  if (half_blocking_pipe(&monitor->said.fd, &stdio.fds[2], true) < 0)
    return fail(failure, "pipe", "", errno);
  int error = runtime_start(monitor, stdio.fds);
  if (error)
    return fail(failure, "execve", monitor->options.runtime, error);
  cleanup_stdio(&stdio);
  stdio = (struct stdio){{-1, -1, -1}};
  wait_for_runtime(monitor);
  if (child_exit_code(monitor->runtime.status) != 0)
    return runtime_failed(monitor, failure);
  cleanup_fd(&monitor->said.fd);
  monitor->said.fd = -1;
  return 0;
}
