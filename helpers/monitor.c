/*
 * skiff-monitor: stays with one container from before its birth to after its end. It has the OCI runtime create it, writes its
 * log, serves clients that attach, waits for it and clears away. src/runtime/index.ts holds the contract: command line,
 * status channel, attach protocol; src/container/names.ts the files.
 *
 * One thread, one poll loop (monitor/loop.c), memory that doesn't grow: a packet per stream, a line per stream, a batch of
 * log, a packet of stdin, a few bytes per client.
 *
 * Who ends whom: the monitor survives the command that started it and its terminal. SIGTERM is sent on to the container. A
 * monitor that is killed (SIGKILL) leaves the container running without one, as with Podman; its lock is gone, so it counts as ended, and
 * the next command that looks at it ends its first process, by state.json, which has the process's start time (src/container/state.ts).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"
#include "die.h"
#include "holder.h"
#include "monitor/exit-record.h"
#include "monitor/monitor.h"
#include "monitor/status.h"

/* Programs may be started with 0-2 closed; a pipe of ours must not land there. */
static void open_stdio(void)
{
  for (int fd; (fd = open("/dev/null", O_RDWR)) >= 0;)
    if (fd > 2) {
      (void)close(fd);
      return;
    }
}

/* From now on nothing of ours keeps the pipe or terminal of the starting command open (but stderr, for who debugs us). */
static void leave_stdio(void)
{
  _cleanup_fd_ int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  int last = getenv("SKIFF_HELPER_DEBUG") ? 1 : 2;
  for (int target = 0; fd >= 0 && target <= last; target++)
    (void)dup2(fd, target); /* can't fail for these */
}

/* Whatever we were born with is for us alone. */
static void close_on_exec(void)
{
  if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
    return;
  /* Before kernel 5.11. */
  long limit = sysconf(_SC_OPEN_MAX);
  for (int fd = 3; fd < limit && fd < 65536; fd++)
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC); /* EBADF: not open */
}

/* SIGCHLD and SIGTERM come through the descriptor; what a terminal or a lost pipe sends is ignored. */
static int open_signals(void)
{
  static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGXFSZ, SIGTTIN, SIGTTOU, SIGTSTP, SIGUSR1, SIGUSR2};
  for (size_t i = 0; i < ARRAY_LENGTH(ignored); i++)
    (void)signal(ignored[i], SIG_IGN); /* can't fail for these */
  (void)signal(SIGCHLD, SIG_DFL);      /* were it ignored, exit codes would be lost */
  sigset_t set;
  (void)sigemptyset(&set);
  (void)sigaddset(&set, SIGCHLD);
  (void)sigaddset(&set, SIGTERM);
  if (sigprocmask(SIG_SETMASK, &set, NULL) < 0)
    return -1;
  return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void holder_of_parent(struct monitor *monitor, const char *run_dir)
{
  char *runtime_dir = must_format("%s", run_dir);
  size_t length = strlen(runtime_dir);
  while (length > 1 && runtime_dir[length - 1] == '/')
    runtime_dir[--length] = '\0';
  char *slash = strrchr(runtime_dir, '/');
  if (slash && slash != runtime_dir)
    *slash = '\0';
  monitor->holder = holder_register(runtime_dir);
  if (monitor->holder < 0)
    die_errno("register as holder in", runtime_dir);
  free(runtime_dir);
}

/* Everything before the first system call for the container; ends the program where that fails. */
static struct monitor *prepare(int argc, char **argv)
{
  struct monitor *monitor = must_alloc(calloc(1, sizeof *monitor));
  const struct options *options = &monitor->options;
  open_stdio();
  options_parse(&monitor->options, argc, argv);
  close_on_exec();
  monitor->status = options->status_fd;
  int *unset[] = {&monitor->console_listener, &monitor->console,       &monitor->terminal,
                  &monitor->terminal_peer,    &monitor->said.fd,       &monitor->cgroup.events,
                  &monitor->cgroup.kill,      &monitor->input.fd,      &monitor->clients.listener,
                  &monitor->log.file.fd,      &monitor->log.journal.fd,  &monitor->trash.lock};
  for (size_t i = 0; i < ARRAY_LENGTH(unset); i++)
    *unset[i] = -1;
  for (enum stream_name name = 0; name < STREAM_COUNT; name++)
    stream_init(&monitor->streams[name], name);
  monitor->run_dir = open(options->run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (monitor->run_dir < 0)
    die_errno("open", options->run_dir);
  (void)setsid(); /* EPERM: the spawner has done it */
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
    die_errno("prctl", "PR_SET_CHILD_SUBREAPER");
  monitor->signals = open_signals();
  if (monitor->signals < 0)
    die_errno("signalfd", NULL);
  holder_of_parent(monitor, options->run_dir);
  if (chdir("/") < 0)
    die_errno("chdir", "/");
  return monitor;
}

static int fail(struct failure *failure, const char *operation, const char *argument)
{
  *failure = (struct failure){.operation = operation, .argument = argument, .error = errno};
  return -1;
}

/* The log and the attach server stand before the container does: nothing it says is missed. */
static int open_services(struct monitor *monitor, struct failure *failure)
{
  const char *what = "";
  if (log_open(&monitor->log, &monitor->options, &what) < 0)
    return fail(failure, "open the log", what);
  if (clients_listen(&monitor->clients, monitor->options.run_dir) < 0)
    return fail(failure, "listen", monitor->options.run_dir);
  if (monitor->options.client_fd >= 0)
    monitor->clients.first_is_silent = clients_add(&monitor->clients, monitor->options.client_fd);
  return 0;
}

/* With --hold: waits for "start". False where the command has gone, or the container, or we are told to end. */
static bool wait_for_start(struct monitor *monitor)
{
  while (!monitor->start_asked && !monitor->start_abandoned && !monitor->terminate && monitor->container.running)
    loop_turn(monitor, -1);
  return monitor->start_asked;
}

enum outcome {
  RUNS,
  FAILED,    /* see `failure` */
  ABANDONED, /* created, and given up before the start: nobody is to be told */
  UNBORN,    /* given up before anything was made */
};

static enum outcome bring_up(struct monitor *monitor, struct failure *failure)
{
  int made = open_services(monitor, failure) < 0 ? -1 : create_container(monitor, failure);
  if (made != 0)
    return made < 0 ? FAILED : UNBORN;
  if (monitor->options.hold) {
    (void)status_created(monitor->status, monitor->container.pid); /* a command that has gone shows as that in the wait */
    if (!wait_for_start(monitor))
      return ABANDONED;
    if (start_container(monitor, failure) < 0)
      return FAILED;
  }
  clock_text(monitor->started_at, false);
  /* It may have ended while the runtime was still busy; nothing ends before it starts. */
  if (!monitor->container.running)
    memcpy(monitor->finished_at, monitor->started_at, sizeof monitor->finished_at);
  if (state_write(monitor) == 0)
    return RUNS;
  (void)fail(failure, "write state.json", monitor->options.run_dir);
  return FAILED;
}

static void attend(struct monitor *monitor)
{
  if (monitor->options.timeout_seconds)
    monitor->deadline_ms = clock_ms() + monitor->options.timeout_seconds * 1000;
  if (monitor->terminate)
    (void)kill_first(monitor, SIGTERM); /* ESRCH: it has ended by itself */
  monitor->terminate = false;
  while (monitor->container.running)
    loop_turn(monitor, -1);
}

/*
 * A container's life; returns the monitor's exit code, which is the container's: systemd goes by it where the monitor is a unit's main
 * process.
 */
static int live(struct monitor *monitor)
{
  struct failure failure = {0};
  enum outcome outcome = bring_up(monitor, &failure);
  /* Who isn't there to hear it sees it in state.json. */
  if (outcome == RUNS)
    (void)status_started(monitor->status, monitor->container.pid, monitor->started_at);
  leave_stdio();
  if (outcome == FAILED) {
    finish_failed(monitor, &failure);
    return 1;
  }
  cleanup_fd(&monitor->status);
  monitor->status = -1;
  if (outcome == ABANDONED)
    finish_abandoned(monitor);
  if (outcome == UNBORN)
    finish_unborn(monitor);
  if (outcome != RUNS)
    return 1;
  attend(monitor);
  finish_ended(monitor);
  farewell(monitor);
  return monitor->exit_code;
}

int main(int argc, char **argv)
{
  struct monitor *monitor = prepare(argc, argv);
  int code = live(monitor);
  /* For the leak checker, which has to see that nothing else is left. */
  options_free(&monitor->options);
  free(monitor->cgroup.folder);
  free(monitor);
  return code;
}
