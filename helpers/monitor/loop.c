#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "exit-record.h"
#include "monitor.h"

enum slot {
  SLOT_SIGNALS,
  SLOT_STATUS,
  SLOT_LISTENER,
  SLOT_CONSOLE_LISTENER,
  SLOT_CONSOLE,
  SLOT_SAID,
  SLOT_STDOUT,
  SLOT_STDERR,
  SLOT_INPUT,
  SLOT_MEMORY,
  SLOT_CLIENTS,
};

/* An ended container: whoever waits for its kill gets the answer, the clock stops. */
static void container_ended(struct monitor *monitor)
{
  clock_text(monitor->finished_at, false);
  monitor->exit_code = child_exit_code(monitor->container.status);
  monitor->deadline_ms = 0;
  cgroup_look(&monitor->cgroup, &monitor->oom_killed);
  cgroup_close(&monitor->cgroup);
}

static void killer_ended(struct monitor *monitor)
{
  bool done = child_exit_code(monitor->killer.status) == 0;
  clients_answer_kill(monitor, done ? 0 : kill_first(monitor, monitor->killer_signal));
}

static void ended(struct monitor *monitor, pid_t pid, int status)
{
  if (child_ended(&monitor->runtime, pid, status))
    return;
  if (child_ended(&monitor->killer, pid, status))
    killer_ended(monitor);
  else if (child_ended(&monitor->container, pid, status))
    container_ended(monitor);
}

/*
 * While the container is made only our own child is asked for: the container's process may end before the runtime has told us
 * which it is.
 */
void loop_reap(struct monitor *monitor)
{
  int status;
  pid_t pid;
  if (monitor->reaps_all) {
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
      ended(monitor, pid, status);
  } else if (monitor->runtime.running && waitpid(monitor->runtime.pid, &status, WNOHANG) > 0) {
    ended(monitor, monitor->runtime.pid, status);
  }
}

static void take_signals(struct monitor *monitor)
{
  struct signalfd_siginfo info;
  while (RETRY_EINTR(read(monitor->signals, &info, sizeof info)) == (ssize_t)sizeof info)
    if (info.ssi_signo == SIGTERM)
      monitor->terminate = true;
  loop_reap(monitor);
  if (monitor->terminate && monitor->container.running) {
    monitor->terminate = false;
    (void)kill_first(monitor, SIGTERM); /* it runs, and is ours */
  }
}

/* The command's words are "bundle\n" and "start\n", the second when the first has been answered; its silence for ever counts as going away. */
static void take_status(struct monitor *monitor)
{
  char text[16];
  ssize_t count = RETRY_EINTR(read(monitor->status, text, sizeof text));
  if (count > 0 && memchr(text, '\n', (size_t)count)) {
    bool bundle = text[0] == 'b';
    monitor->bundle_told |= bundle;
    monitor->start_asked |= !bundle;
  } else if (count <= 0) {
    cleanup_fd(&monitor->status);
    monitor->status = -1;
    monitor->start_abandoned = !monitor->start_asked;
  }
}

static bool can_read(const struct monitor *monitor, const struct stream *stream)
{
  return monitor->reading && stream->fd >= 0 && stream->rest < 0 && !stream->busy && !monitor->clients.first_is_silent;
}

static void add(struct pollfd *slot, int fd, short events)
{
  *slot = (struct pollfd){.fd = fd, .events = events};
}

static nfds_t fill(const struct monitor *monitor, struct pollfd *slots)
{
  const struct stream *out = &monitor->streams[STREAM_STDOUT];
  const struct stream *err = &monitor->streams[STREAM_STDERR];
  bool listening = monitor->clients.paused_until_ms <= clock_ms();
  add(&slots[SLOT_SIGNALS], monitor->signals, POLLIN);
  add(&slots[SLOT_STATUS], monitor->start_asked ? -1 : monitor->status, POLLIN);
  add(&slots[SLOT_LISTENER], listening ? monitor->clients.listener : -1, POLLIN);
  add(&slots[SLOT_CONSOLE_LISTENER], monitor->console_listener, POLLIN);
  add(&slots[SLOT_CONSOLE], monitor->console, POLLIN);
  add(&slots[SLOT_SAID], monitor->said.fd, POLLIN);
  add(&slots[SLOT_STDOUT], can_read(monitor, out) ? out->fd : -1, POLLIN);
  add(&slots[SLOT_STDERR], can_read(monitor, err) ? err->fd : -1, POLLIN);
  /* A pipe without a reader says so (POLLERR) even when nothing is to be written. A terminal's end is the output's. */
  bool writing = input_busy(&monitor->input);
  add(&slots[SLOT_INPUT], writing || !monitor->input.terminal ? monitor->input.fd : -1, writing ? POLLOUT : 0);
  add(&slots[SLOT_MEMORY], monitor->cgroup.events, POLLPRI);
  for (int place = 0; place < monitor->clients.count; place++) {
    const struct client *client = &monitor->clients.places[place];
    short events = client->fd < 0 ? 0 : client_events(monitor, client);
    /* Who is not served now may hang up unnoticed: what it has sent before still counts. */
    add(&slots[SLOT_CLIENTS + place], events ? client->fd : -1, events);
  }
  return (nfds_t)(SLOT_CLIENTS + monitor->clients.count);
}

static void read_stream(struct monitor *monitor, struct stream *stream)
{
  if (stream_read(stream, &monitor->log) == STREAM_PACKET)
    clients_send_output(monitor, stream);
}

/* The log's remainder for clients has no descriptor that poll knows: it is always at hand. */
static bool serve_rest(struct monitor *monitor)
{
  bool more = false;
  for (enum stream_name name = 0; name < STREAM_COUNT; name++) {
    struct stream *stream = &monitor->streams[name];
    if (stream->rest < 0 || stream->busy || monitor->clients.first_is_silent)
      continue;
    read_stream(monitor, stream);
    more = true;
  }
  return more;
}

/* Milliseconds until a moment; 0 where it has passed, `left` where it is none or later than that. */
static long long sooner(long long left, long long moment_ms, long long now)
{
  if (moment_ms == 0)
    return left;
  long long rest = moment_ms > now ? moment_ms - now : 0;
  return left < 0 || rest < left ? rest : left;
}

static int time_left(const struct monitor *monitor, int timeout_ms)
{
  long long now = clock_ms();
  long long left = sooner(timeout_ms < 0 ? -1 : timeout_ms, monitor->deadline_ms, now);
  for (enum stream_name name = 0; name < STREAM_COUNT; name++)
    left = sooner(left, log_idle_at(&monitor->log, name), now);
  if (monitor->clients.paused_until_ms > now) /* once it has passed the listener is polled again */
    left = sooner(left, monitor->clients.paused_until_ms, now);
  return left > 1000000 ? 1000000 : (int)left;
}

/* A stream that has more to read is not idle, however late we are. */
static void log_idle_streams(struct monitor *monitor, const struct pollfd *slots)
{
  for (enum stream_name name = 0; name < STREAM_COUNT; name++) {
    long long at = log_idle_at(&monitor->log, name);
    if (at != 0 && at <= clock_ms() && slots[SLOT_STDOUT + name].revents == 0)
      log_idle(&monitor->log, name);
  }
}

static void turn(struct monitor *monitor, int timeout_ms)
{
  struct pollfd slots[SLOT_CLIENTS + CLIENTS_MAX];
  bool more = serve_rest(monitor);
  nfds_t count = fill(monitor, slots);
  int ready = poll(slots, count, more ? 0 : time_left(monitor, timeout_ms));
  if (monitor->deadline_ms && clock_ms() >= monitor->deadline_ms) {
    monitor->deadline_ms = 0;
    (void)kill_first(monitor, SIGKILL); /* it runs, and is ours */
  }
  log_idle_streams(monitor, slots);
  if (ready <= 0)
    return;
  /* Clients first: what stands in `slots` for them is not yet changed by the others. New ones come last. */
  for (nfds_t slot = SLOT_CLIENTS; slot < count; slot++) {
    struct client *client = &monitor->clients.places[slot - SLOT_CLIENTS];
    if (slots[slot].revents && client->fd == slots[slot].fd)
      client_serve(monitor, client, slots[slot].revents);
  }
  if (monitor->input.fd >= 0 && slots[SLOT_INPUT].revents & POLLOUT)
    input_write(monitor);
  else if (monitor->input.fd >= 0 && slots[SLOT_INPUT].revents & (POLLERR | POLLHUP))
    input_close(monitor);
  for (enum stream_name name = 0; name < STREAM_COUNT; name++)
    if (slots[SLOT_STDOUT + name].revents && can_read(monitor, &monitor->streams[name]))
      read_stream(monitor, &monitor->streams[name]);
  if (slots[SLOT_SAID].revents)
    tail_read(&monitor->said);
  if (slots[SLOT_CONSOLE].revents)
    terminal_receive(monitor);
  if (slots[SLOT_CONSOLE_LISTENER].revents)
    terminal_accept(monitor);
  if (slots[SLOT_MEMORY].revents)
    cgroup_look(&monitor->cgroup, &monitor->oom_killed);
  if (slots[SLOT_STATUS].revents)
    take_status(monitor);
  if (slots[SLOT_SIGNALS].revents)
    take_signals(monitor);
  if (slots[SLOT_LISTENER].revents)
    clients_accept(&monitor->clients);
}

void loop_turn(struct monitor *monitor, int timeout_ms)
{
  turn(monitor, timeout_ms);
  loss_record(monitor);
}
