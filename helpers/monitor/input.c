#define _GNU_SOURCE
#include "input.h"

#include <errno.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cleanup.h"
#include "monitor.h"

bool input_busy(const struct input *input)
{
  return input->length > 0;
}

/* What was held has gone (or can't go any more): its sender may send more. */
static void release(struct monitor *monitor)
{
  struct input *input = &monitor->input;
  struct client *owner = input->owner;
  input->length = 0;
  input->at = 0;
  input->owner = NULL;
  if (owner)
    clients_send_credit(monitor, owner);
}

void input_close(struct monitor *monitor)
{
  struct input *input = &monitor->input;
  cleanup_fd(&input->fd);
  input->fd = -1;
  release(monitor);
}

/*
 * A terminal has no end but the character that says so. Where the line before it is not finished the first one only hands
 * that line over.
 */
static void end_terminal(struct input *input)
{
  struct termios settings;
  if (tcgetattr(input->fd, &settings) < 0 || settings.c_cc[VEOF] == _POSIX_VDISABLE)
    return;
  memset(input->bytes, settings.c_cc[VEOF], 2);
  input->at = 0;
  input->length = input->line_open ? 2 : 1;
}

void input_write(struct monitor *monitor)
{
  struct input *input = &monitor->input;
  while (input->fd >= 0 && input->at < input->length) {
    ssize_t count = RETRY_EINTR(write(input->fd, input->bytes + input->at, input->length - input->at));
    if (count < 0 && errno == EAGAIN)
      return;
    if (count <= 0) {
      input_close(monitor); /* EPIPE: the container has closed its stdin */
      return;
    }
    input->at += (size_t)count;
  }
  if (input->length > 0)
    input->line_open = input->bytes[input->length - 1] != '\n';
  bool ending = input->ending;
  release(monitor);
  if (!ending || input->fd < 0)
    return;
  input->ending = false;
  if (!input->terminal) {
    input_close(monitor);
  } else {
    end_terminal(input);
    input_write(monitor);
  }
}

void input_take(struct monitor *monitor, struct client *client, size_t length)
{
  struct input *input = &monitor->input;
  input->owner = client;
  /* After an end there is no more; what comes is thrown away, and the sender is told so. */
  if (input->fd < 0 || input->ending) {
    release(monitor);
    return;
  }
  input->at = 1;
  input->length = 1 + length;
  input_write(monitor);
}

void input_end(struct monitor *monitor)
{
  struct input *input = &monitor->input;
  if (!monitor->options.stdin_once || input->fd < 0)
    return;
  input->ending = true;
  if (!input_busy(input))
    input_write(monitor);
}
