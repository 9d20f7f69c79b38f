/*
 * skiff-attach: connects this process's stdin, stdout and stderr with a container, through its monitor's attach socket, until
 * the container ends or the user detaches. `skiff run` and `skiff attach` become this program, so that no Node process
 * waits beside a container. src/runtime/index.ts holds the command line and the protocol.
 *
 * Exit code: the container's; 0 on detach; 125 where the monitor has gone without telling (and left no record), or where its output
 * can't be written; where nobody reads that, it dies by SIGPIPE. With --kill-unread such an end is the container's, too, and is waited for.
 * Output is written in pieces that don't block, so that signals and typing pass while a reader is slow.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attach/connect.h"
#include "attach/exit-code.h"
#include "attach/options.h"
#include "cleanup.h"
#include "detach-keys.h"
#include "die.h"
#include "protocol.h"
#include "signals.h"
#include "terminal.h"

/* A pipe that poll calls writable takes this much without blocking (PIPE_BUF); smaller than a packet's stdin, too. */
enum { WRITE_PIECE = 4096, READ_PIECE = 16384 };

struct attach {
  struct options options;
  int socket;
  int signals;
  struct terminal terminal;
  struct stat exit_file_before;
  bool stdin_open;   /* still read */
  bool credit;       /* the monitor takes a packet of stdin */
  bool end_to_send;  /* stdin has ended, the monitor isn't told yet */
  int unwritten;     /* 1 or 2: it could not be written, the container is being ended, and what that still says goes nowhere */
  int write_error;   /* why */
  int output;        /* 1 or 2: where the rest of `packet` goes; 0: nothing left */
  size_t at;
  size_t length;
  char packet[PACKET_MAX + 1];
};

__attribute__((noreturn)) static void leave(struct attach *attach, int code)
{
  terminal_restore(&attach->terminal);
  exit(code);
}

/* As any program in a pipeline where its reader has left. */
__attribute__((noreturn)) static void leave_unwritten(struct attach *attach)
{
  terminal_restore(&attach->terminal);
  if (attach->write_error == EPIPE)
    signals_die(SIGPIPE);
  errno = attach->write_error;
  die_errno("write", attach->unwritten == 1 ? "stdout" : "stderr");
}

/* The monitor has gone: killed, or it ended between our hello and the container's end. */
__attribute__((noreturn)) static void monitor_gone(struct attach *attach)
{
  if (attach->unwritten)
    leave_unwritten(attach);
  int code = attach->options.exit_file ? exit_file_code(attach->options.exit_file, &attach->exit_file_before) : -1;
  terminal_restore(&attach->terminal);
  if (code >= 0)
    exit(code);
  die("attach: the container's monitor has ended without an exit code");
}

/* Sends one packet. The monitor always has room for what we may send, so waiting here is short. */
static void send_packet(struct attach *attach, const void *bytes, size_t length)
{
  if (RETRY_EINTR(send(attach->socket, bytes, length, MSG_NOSIGNAL)) >= 0)
    return;
  /* What it still had to say, the exit code above all, can be read even so: the end is noticed there. */
  if (errno == EPIPE || errno == ECONNRESET)
    return;
  int error = errno;
  terminal_restore(&attach->terminal);
  errno = error;
  die_errno("send to", "the container's monitor");
}

static void send_size(struct attach *attach)
{
  unsigned short rows, columns;
  if (!attach->options.tty || !terminal_size(&rows, &columns))
    return;
  const unsigned char packet[] = {PACKET_RESIZE, rows & 255, (unsigned char)(rows >> 8), columns & 255, (unsigned char)(columns >> 8)};
  send_packet(attach, packet, sizeof packet);
}

static void send_end(struct attach *attach)
{
  const char packet[] = {PACKET_STDIN_END};
  attach->end_to_send = false;
  send_packet(attach, packet, sizeof packet);
}

static void end_stdin(struct attach *attach)
{
  attach->stdin_open = false;
  attach->end_to_send = true;
  if (attach->credit)
    send_end(attach);
}

static void read_stdin(struct attach *attach)
{
  unsigned char typed[READ_PIECE];
  unsigned char packet[1 + READ_PIECE + DETACH_KEYS_MAX] = {PACKET_STDIN};
  ssize_t count = RETRY_EINTR(read(0, typed, sizeof typed));
  if (count < 0 && errno == EAGAIN)
    return;
  if (count <= 0) {
    end_stdin(attach); /* also EIO: the terminal has gone */
    return;
  }
  size_t length;
  bool detach = detach_keys_filter(&attach->options.detach, typed, (size_t)count, packet + 1, &length);
  if (length > 0) {
    attach->credit = false;
    send_packet(attach, packet, 1 + length);
  }
  if (detach)
    leave(attach, 0);
}

static void take_signals(struct attach *attach)
{
  struct signalfd_siginfo info;
  while (RETRY_EINTR(read(attach->signals, &info, sizeof info)) == (ssize_t)sizeof info) {
    int number = (int)info.ssi_signo;
    if (number == SIGWINCH) {
      send_size(attach);
    } else if (number == SIGCONT) {
      terminal_raw_again(&attach->terminal);
      send_size(attach);
    } else if (attach->options.sig_proxy) {
      const unsigned char packet[] = {PACKET_KILL, (unsigned char)number};
      send_packet(attach, packet, sizeof packet);
    } else {
      terminal_restore(&attach->terminal);
      signals_die(number);
    }
  }
}

/* Receives one packet; output is left in `packet` for write_output. */
static void receive(struct attach *attach)
{
  ssize_t count = RETRY_EINTR(recv(attach->socket, attach->packet, PACKET_MAX, 0));
  if (count < 0 && errno == EAGAIN)
    return;
  /*
   * The monitor closed its end before it read all of ours (the end of stdin, most often). Linux tells that first and once;
   * what the monitor had said before, the exit code above all, still waits behind it (unix(7), af_unix.c unix_release_sock).
   */
  if (count < 0 && errno == ECONNRESET)
    return;
  if (count <= 0)
    monitor_gone(attach);
  attach->packet[count] = '\0';
  switch (attach->packet[0]) {
  case PACKET_STDOUT:
  case PACKET_STDERR:
    if (attach->unwritten)
      break;
    attach->output = attach->packet[0] == PACKET_STDOUT ? 1 : 2;
    attach->at = 1;
    attach->length = (size_t)count;
    break;
  case PACKET_CREDIT:
    attach->credit = true;
    if (attach->packet[1] == 0)
      attach->stdin_open = attach->end_to_send = false; /* the container reads no more */
    if (attach->end_to_send)
      send_end(attach);
    break;
  case PACKET_EXIT: {
    if (attach->unwritten)
      leave_unwritten(attach);
    int code = exit_code_of(attach->packet + 1);
    leave(attach, code < 0 ? EXIT_SKIFF_FAILED : code);
  }
  default: break; /* 'r'; 'a': a signal that came too late is no error; what a newer monitor may say */
  }
}

/* A container that goes with its command (run --rm) must not be left to write for nobody: its end comes as PACKET_EXIT. */
static void end_container(struct attach *attach)
{
  const unsigned char packet[] = {PACKET_KILL_ALL, SIGKILL};
  attach->output = 0;
  attach->stdin_open = attach->end_to_send = false;
  send_packet(attach, packet, sizeof packet);
}

static void write_output(struct attach *attach)
{
  size_t left = attach->length - attach->at;
  ssize_t count = RETRY_EINTR(write(attach->output, attach->packet + attach->at, left < WRITE_PIECE ? left : WRITE_PIECE));
  if (count < 0 && errno == EAGAIN)
    return;
  if (count < 0) {
    attach->write_error = errno;
    attach->unwritten = attach->output;
    if (!attach->options.kill_unread)
      leave_unwritten(attach); /* the container goes on */
    end_container(attach);
    return;
  }
  attach->at += (size_t)count;
  if (attach->at == attach->length)
    attach->output = 0;
}

static void turn(struct attach *attach)
{
  enum { SIGNALS, SOCKET, STDIN, OUTPUT, COUNT };
  bool reading = attach->stdin_open && attach->credit;
  struct pollfd slots[COUNT] = {
      [SIGNALS] = {.fd = attach->signals, .events = POLLIN},
      [SOCKET] = {.fd = attach->output ? -1 : attach->socket, .events = POLLIN},
      [STDIN] = {.fd = reading ? 0 : -1, .events = POLLIN},
      [OUTPUT] = {.fd = attach->output ? attach->output : -1, .events = POLLOUT},
  };
  if (RETRY_EINTR(poll(slots, COUNT, -1)) < 0)
    die_errno("poll", NULL);
  if (slots[SIGNALS].revents)
    take_signals(attach);
  if (slots[STDIN].revents)
    read_stdin(attach);
  if (slots[OUTPUT].revents)
    write_output(attach);
  if (slots[SOCKET].revents)
    receive(attach);
}

int main(int argc, char **argv)
{
  struct attach *attach = must_alloc(calloc(1, sizeof *attach));
  attach->terminal.fd = -1;
  options_parse(&attach->options, argc, argv);
  const struct options *options = &attach->options;
  attach->socket = options->socket_path ? connect_to(options->socket_path) : options->socket_fd;
  if (options->exit_file)
    exit_file_look(options->exit_file, &attach->exit_file_before);
  attach->signals = signals_open(options->sig_proxy);
  if (attach->signals < 0)
    die_errno("signalfd", NULL);
  if (options->tty && !terminal_raw(&attach->terminal, options->with_stdin))
    die_errno("tcsetattr", options->with_stdin ? "stdin" : "stdout");
  attach->stdin_open = options->with_stdin;
  attach->credit = true;
  if (!options->hello_sent) {
    uint8_t flags = (uint8_t)((options->with_stdin ? HELLO_STDIN : 0) | (options->no_stdout ? 0 : HELLO_STDOUT) |
                              (options->no_stderr ? 0 : HELLO_STDERR) | HELLO_EXIT);
    const unsigned char packet[] = {PACKET_HELLO, flags};
    send_packet(attach, packet, sizeof packet);
  }
  send_size(attach);
  for (;;)
    turn(attach);
}
