/*
 * skiff-exec: one more command in a container. `skiff exec` becomes this program, so that no Node process waits beside the command.
 * src/runtime/index.ts holds the command line.
 *
 * The command never has a descriptor of this side: it talks through pipes, or a terminal of the container's own, and what it says and is
 * told is passed on here. (The runtime gives stdio to the command's user, and a process can open what it has a descriptor of once more,
 * through /proc, for writing too.)
 *
 *   this process, the client         the keeper (exec/keeper.h)           the runtime: exec --detach
 *   stdio, signals, terminal   <-->  parent of the command, reaps it  ->  starts the command and ends
 *
 * Exit code: the command's; the runtime's where that could not start it; 0 on detach; 141 where the reader of the output has gone and the
 * command took no notice; 125 where the relay failed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "cleanup.h"
#include "die.h"
#include "exec/channel.h"
#include "exec/console.h"
#include "exec/keeper.h"
#include "exec/options.h"
#include "signals.h"
#include "terminal.h"

/* More than a terminal holds of what was written to it. */
enum { TERMINAL_HOLDS = 65536 };

struct relay {
  struct options options;
  struct console console;
  struct terminal own;  /* the user's */
  int terminal;         /* master of the command's; -1: none (yet, or any more) */
  int peer;             /* its other side, so that a command that closes it and opens it again loses nothing; -1: none */
  int keeper;
  int signals;
  bool proxy;           /* signals are the command's */
  bool line_open;       /* what was typed last ends no line */
  bool reader_gone;     /* of our output */
  bool failed;
  bool ended;           /* the command; the rest of what it said is still passed on */
  int code;
  struct channel in;
  struct channel out;
  struct channel err;
  int left[3];          /* by descriptor: what at most was still said before the end */
};

__attribute__((noreturn)) static void leave(struct relay *relay, int code)
{
  console_close(&relay->console);
  terminal_restore(&relay->own);
  exit(code);
}

__attribute__((noreturn)) static void fail(struct relay *relay, const char *operation, const char *argument)
{
  int error = errno;
  console_close(&relay->console);
  terminal_restore(&relay->own);
  errno = error;
  die_errno(operation, argument);
}

static void set_size(const struct relay *relay)
{
  struct winsize window = {0};
  if (relay->terminal >= 0 && terminal_size(&window.ws_row, &window.ws_col))
    (void)ioctl(relay->terminal, TIOCSWINSZ, &window); /* fails only where it has gone */
}

/* The command sees what it would see of a window that is closed. */
static void hang_up(struct relay *relay)
{
  cleanup_fd(&relay->peer);
  cleanup_fd(&relay->terminal);
  relay->peer = relay->terminal = relay->in.from = relay->in.to = relay->out.from = -1;
  relay->in.at = relay->in.length = 0;
}

static void take_terminal(struct relay *relay)
{
  relay->terminal = console_take(&relay->console);
  if (relay->terminal < 0)
    return; /* the keeper's report tells why */
  relay->peer = ioctl(relay->terminal, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC); /* Linux 4.13 */
  set_size(relay);
  channel_open(&relay->out, relay->terminal, 1);
  channel_open(&relay->in, relay->options.with_stdin ? 0 : -1, relay->terminal);
}

static void take_signals(struct relay *relay)
{
  struct signalfd_siginfo info;
  while (RETRY_EINTR(read(relay->signals, &info, sizeof info)) == (ssize_t)sizeof info) {
    int number = (int)info.ssi_signo;
    if (number == SIGCONT)
      terminal_raw_again(&relay->own);
    if (number == SIGWINCH || number == SIGCONT)
      set_size(relay);
    if (number == SIGWINCH || (number == SIGCONT && !relay->proxy))
      continue;
    if (relay->proxy) {
      (void)keeper_signal(relay->keeper, number); /* where it has gone, that is seen next */
      continue;
    }
    console_close(&relay->console);
    terminal_restore(&relay->own);
    signals_die(number);
  }
}

/* A terminal has no end but the character that says so; in an open line the first one only hands that line over. */
static void end_terminal_input(struct relay *relay)
{
  struct termios settings;
  if (tcgetattr(relay->terminal, &settings) < 0 || settings.c_cc[VEOF] == _POSIX_VDISABLE)
    return;
  relay->in.at = 0;
  relay->in.length = relay->line_open ? 2 : 1;
  memset(relay->in.bytes, settings.c_cc[VEOF], relay->in.length);
}

static void end_stdin(struct relay *relay)
{
  relay->in.from = -1;
  if (relay->options.tty) {
    end_terminal_input(relay);
  } else {
    cleanup_fd(&relay->in.to);
    relay->in.to = -1;
  }
}

/* Takes the detach sequence out of what was typed. */
static void filter_keys(struct relay *relay)
{
  struct channel *in = &relay->in;
  unsigned char typed[CHANNEL_READ];
  size_t count = in->length;
  memcpy(typed, in->bytes, count);
  bool detach = detach_keys_filter(&relay->options.detach, typed, count, in->bytes, &in->length);
  if (in->length > 0)
    relay->line_open = in->bytes[in->length - 1] != '\n' && in->bytes[in->length - 1] != '\r';
  if (!detach)
    return;
  while (channel_busy(in) && channel_write(in) == CHANNEL_GOES_ON)
    ;
  if (!keeper_hold(relay->keeper, relay->terminal))
    fail(relay, "detach from", relay->options.id);
  leave(relay, 0);
}

static void read_stdin(struct relay *relay)
{
  switch (channel_read(&relay->in, CHANNEL_READ)) {
  case CHANNEL_GOES_ON:
    if (relay->options.tty)
      filter_keys(relay);
    break;
  case CHANNEL_IDLE: break;
  case CHANNEL_FAILED:
    say_error("read \"stdin\": %s", strerror(errno));
    __attribute__((fallthrough));
  case CHANNEL_ENDED: end_stdin(relay); break;
  }
}

static void write_stdin(struct relay *relay)
{
  if (channel_write(&relay->in) != CHANNEL_FAILED)
    return;
  /* The command reads no more. */
  if (!relay->options.tty)
    cleanup_fd(&relay->in.to);
  relay->in.from = relay->in.to = -1;
}

/* What the command has no reader for any more. */
static void close_source(struct relay *relay, struct channel *channel)
{
  if (relay->options.tty && channel == &relay->out && relay->terminal >= 0) {
    hang_up(relay);
    return;
  }
  cleanup_fd(&channel->from);
  channel->from = -1;
}

static void write_output(struct relay *relay, struct channel *channel)
{
  if (channel_write(channel) != CHANNEL_FAILED)
    return;
  if (errno == EPIPE || errno == EIO) { /* EIO: a terminal that has gone */
    relay->reader_gone = true;
  } else {
    relay->failed = true;
    say_error("write \"%s\": %s", channel->to == 1 ? "stdout" : "stderr", strerror(errno));
  }
  close_source(relay, channel);
}

static void read_output(struct relay *relay, struct channel *channel)
{
  enum channel_result result = channel_read(channel, CHANNEL_READ);
  if (result == CHANNEL_ENDED || result == CHANNEL_FAILED)
    close_source(relay, channel);
}

/* How much may still be there of what the command said; more can only come from others that it has left behind. */
static int left_in(const struct relay *relay, const struct channel *channel)
{
  int bytes = 0;
  if (channel->from < 0)
    return 0;
  return relay->options.tty && channel == &relay->out ? TERMINAL_HOLDS : ioctl(channel->from, FIONREAD, &bytes) < 0 ? 0 : bytes;
}

static void take_end(struct relay *relay)
{
  relay->code = keeper_exit_code(relay->keeper);
  relay->ended = true;
  if (relay->code < 0) {
    relay->failed = true;
    say_error("what waits for the command has gone without its exit code");
  }
  if (relay->console.listener >= 0)
    take_terminal(relay); /* sent before the end, so it is here */
  relay->left[1] = left_in(relay, &relay->out);
  relay->left[2] = left_in(relay, &relay->err);
}

/* Passes the rest on. True when there is none. */
static bool drained(struct relay *relay, struct channel *channel)
{
  while (!channel_busy(channel)) {
    int *left = &relay->left[channel->to];
    if (channel->from < 0 || *left <= 0)
      return true;
    if (channel_read(channel, *left < CHANNEL_READ ? (size_t)*left : CHANNEL_READ) != CHANNEL_GOES_ON)
      return true;
    *left -= (int)channel->length;
  }
  return false;
}

static void finish(struct relay *relay)
{
  if (!drained(relay, &relay->out))
    return;
  /* What the runtime said of itself comes last, for it wants lines that end as usual. */
  terminal_restore(&relay->own);
  if (!drained(relay, &relay->err))
    return;
  if (relay->failed)
    leave(relay, EXIT_SKIFF_FAILED);
  leave(relay, relay->code == 0 && relay->reader_gone ? 128 + SIGPIPE : relay->code);
}

static struct pollfd slot_of(const struct channel *channel)
{
  if (channel_busy(channel))
    return (struct pollfd){.fd = channel->to, .events = POLLOUT};
  return (struct pollfd){.fd = channel->to < 0 ? -1 : channel->from, .events = POLLIN};
}

static void turn(struct relay *relay)
{
  enum { SIGNALS, KEEPER, CONSOLE, IN, OUT, ERR, COUNT };
  static const struct pollfd nothing = {.fd = -1};
  struct pollfd slots[COUNT] = {
      [SIGNALS] = {.fd = relay->signals, .events = POLLIN},
      [KEEPER] = {.fd = relay->ended ? -1 : relay->keeper, .events = POLLIN},
      [CONSOLE] = {.fd = relay->ended ? -1 : relay->console.listener, .events = POLLIN},
      [IN] = relay->ended ? nothing : slot_of(&relay->in),
      [OUT] = slot_of(&relay->out),
      /* With a terminal that is the runtime's alone. */
      [ERR] = relay->options.tty && !relay->ended ? nothing : slot_of(&relay->err),
  };
  if (RETRY_EINTR(poll(slots, COUNT, -1)) < 0)
    fail(relay, "poll", NULL);
  if (slots[SIGNALS].revents)
    take_signals(relay);
  if (slots[IN].revents && channel_busy(&relay->in))
    write_stdin(relay);
  else if (slots[IN].revents)
    read_stdin(relay);
  struct channel *outputs[] = {&relay->out, &relay->err};
  for (int i = 0; i < 2; i++) {
    if (slots[OUT + i].revents && channel_busy(outputs[i]))
      write_output(relay, outputs[i]);
    else if (slots[OUT + i].revents && outputs[i]->from >= 0 && !relay->ended)
      read_output(relay, outputs[i]);
  }
  if (slots[CONSOLE].revents)
    take_terminal(relay);
  if (slots[KEEPER].revents)
    take_end(relay);
  if (relay->ended)
    finish(relay);
}

/* Makes the command's stdio; our ends don't block, its own are plain pipes. */
static void open_stdio(struct relay *relay, struct birth *birth)
{
  const struct options *options = &relay->options;
  int ours[3] = {-1, -1, -1};
  for (int fd = 0; fd < 3; fd++) {
    int ends[2];
    /* A command at a terminal has that, and the runtime itself only talks. */
    if ((fd == 0 && !options->with_stdin) || (fd < 2 && options->tty)) {
      birth->theirs[fd] = open("/dev/null", O_RDWR | O_CLOEXEC);
      if (birth->theirs[fd] < 0)
        die_errno("open", "/dev/null");
      continue;
    }
    if (pipe2(ends, O_CLOEXEC) < 0)
      die_errno("pipe", NULL);
    birth->theirs[fd] = ends[fd == 0 ? 0 : 1];
    ours[fd] = ends[fd == 0 ? 1 : 0];
    if (fcntl(ours[fd], F_SETFL, O_NONBLOCK) < 0)
      die_errno("fcntl", NULL);
  }
  channel_open(&relay->in, ours[0] < 0 ? -1 : 0, ours[0]);
  channel_open(&relay->out, ours[1], 1);
  channel_open(&relay->err, ours[2], 2);
  memcpy(birth->ours, ours, sizeof ours);
}

int main(int argc, char **argv)
{
  static struct relay relay = {.own.fd = -1, .terminal = -1, .peer = -1, .console = {.folder = -1, .listener = -1}};
  struct birth birth = {.ours = {-1, -1, -1, -1, -1}};
  options_parse(&relay.options, argc, argv);
  const struct options *options = &relay.options;
  /* Raw keys make no signals: who sends one means this program then. */
  relay.proxy = !(options->tty && options->with_stdin);
  relay.signals = signals_open(relay.proxy);
  if (relay.signals < 0)
    die_errno("signalfd", NULL);
  open_stdio(&relay, &birth);
  if (options->tty && console_listen(&relay.console, options->session) < 0)
    fail(&relay, "listen at", relay.console.path);
  birth.console = relay.console.path;
  birth.ours[3] = relay.console.listener;
  birth.ours[4] = relay.signals;
  relay.keeper = keeper_start(options, &birth);
  if (relay.keeper < 0)
    fail(&relay, "fork", NULL);
  (void)close(options->process_fd); /* the keeper's */
  if (options->tty && !terminal_raw(&relay.own, options->with_stdin))
    fail(&relay, "tcsetattr", options->with_stdin ? "stdin" : "stdout");
  for (;;)
    turn(&relay);
}
