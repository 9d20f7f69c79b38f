/* What clients send: clients.h and input.h say what comes of it. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "monitor.h"

static void take_hello(struct monitor *monitor, struct client *client, uint8_t flags)
{
  client->flags = flags;
  client->greeted = true;
  client->had_stdin = flags & HELLO_STDIN;
  client->owes_ready = true;
  client->owes_exit = monitor->ended && flags & HELLO_EXIT;
  if (client == &monitor->clients.places[0])
    monitor->clients.first_is_silent = false;
  (void)client_send_owed(monitor, client);
}

static void take_kill(struct monitor *monitor, struct client *client, bool all, int signal)
{
  int error = all ? kill_all(monitor, signal) : kill_first(monitor, signal);
  client->waits_for_kill = true;
  if (error >= 0)
    client_answer_kill(monitor, client, error);
}

/* Everything but stdin: short packets. False: not the protocol. */
static bool take_packet(struct monitor *monitor, struct client *client, const unsigned char *packet, size_t length)
{
  if (packet[0] == PACKET_HELLO && length == 2 && !client->greeted)
    take_hello(monitor, client, packet[1]);
  else if (packet[0] == PACKET_STDIN_END && length == 1 && client->had_stdin)
    input_end(monitor);
  else if (packet[0] == PACKET_RESIZE && length == 5)
    terminal_resize(monitor, (unsigned short)(packet[1] | packet[2] << 8),
                    (unsigned short)(packet[3] | packet[4] << 8));
  else if (packet[0] == PACKET_KILL && length == 2)
    take_kill(monitor, client, false, packet[1]);
  else if (packet[0] == PACKET_KILL_ALL && length == 2)
    take_kill(monitor, client, true, packet[1]);
  else
    return false;
  return true;
}

/* One packet of stdin goes straight into the (empty) input buffer. */
static bool receive_stdin(struct monitor *monitor, struct client *client)
{
  char *buffer = monitor->input.bytes;
  ssize_t length = RETRY_EINTR(recv(client->fd, buffer, PACKET_MAX, MSG_DONTWAIT | MSG_TRUNC));
  if (length < 2 || length > PACKET_MAX || !client->had_stdin)
    return false;
  input_take(monitor, client, (size_t)length - 1);
  return true;
}

static void receive(struct monitor *monitor, struct client *client)
{
  unsigned char packet[8];
  ssize_t length = RETRY_EINTR(recv(client->fd, packet, sizeof packet, MSG_DONTWAIT | MSG_PEEK | MSG_TRUNC));
  if (length < 0 && errno == EAGAIN)
    return;
  /* The end of the connection and an error alike; an empty packet isn't in the protocol. */
  bool good = length > 0;
  client->waits_for_input = good && packet[0] == PACKET_STDIN && input_busy(&monitor->input);
  client->waits_for_turn = good && packet[0] == PACKET_KILL_ALL && monitor->killer.running;
  if (client->waits_for_input || client->waits_for_turn)
    return;
  if (good && packet[0] == PACKET_STDIN) {
    good = receive_stdin(monitor, client);
  } else if (good) {
    length = RETRY_EINTR(recv(client->fd, packet, sizeof packet, MSG_DONTWAIT | MSG_TRUNC));
    good = length > 0 && take_packet(monitor, client, packet, (size_t)length);
  }
  if (!good && client->fd >= 0)
    client_drop(monitor, client);
}

void client_serve(struct monitor *monitor, struct client *client, short events)
{
  if (events & POLLOUT && !client_send_owed(monitor, client))
    return;
  if (events & POLLIN)
    receive(monitor, client);
  else if (events & (POLLHUP | POLLERR))
    client_drop(monitor, client);
}
