#define _GNU_SOURCE
#include "clients.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cleanup.h"
#include "exit-record.h"
#include "monitor.h"
#include "sockets.h"

enum { ACCEPT_PAUSE_MS = 1000 };

int clients_listen(struct clients *clients, const char *run_dir)
{
  /* A run dir may be longer than sun_path: go through its descriptor. */
  _cleanup_fd_ int directory = open(run_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0)
    return -1;
  if (unlinkat(directory, "attach", 0) < 0 && errno != ENOENT)
    return -1;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  (void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/attach", directory);
  clients->listener = socket_listen(SOCK_SEQPACKET, &address, 64);
  return clients->listener < 0 ? -1 : 0;
}

bool clients_add(struct clients *clients, int fd)
{
  for (int place = 0; place < CLIENTS_MAX; place++) {
    struct client *client = &clients->places[place];
    /* Places from `count` on have never been used. */
    if (place == clients->count)
      clients->count++;
    else if (client->fd >= 0)
      continue;
    *client = (struct client){.fd = fd};
    return true;
  }
  (void)close(fd); /* a refused stranger */
  return false;
}

void clients_accept(struct clients *clients)
{
  for (;;) {
    _cleanup_fd_ int fd = RETRY_EINTR(accept4(clients->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd < 0) {
      /* Out of descriptors: poll would report the same caller for ever. */
      if (errno == EMFILE || errno == ENFILE)
        clients->paused_until_ms = clock_ms() + ACCEPT_PAUSE_MS;
      return;
    }
    struct ucred peer;
    socklen_t size = sizeof peer;
    /* The peer's uid is shown in our user namespace: the user's own commands are our uid, whether in it or outside. */
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != geteuid())
      continue;
    (void)clients_add(clients, take_fd(&fd));
  }
}

static bool wants(const struct client *client, enum stream_name stream)
{
  return client->greeted && client->flags & (stream == STREAM_STDOUT ? HELLO_STDOUT : HELLO_STDERR);
}

static bool output_pending(const struct monitor *monitor, const struct client *client)
{
  for (enum stream_name name = 0; name < STREAM_COUNT; name++) {
    const struct stream *stream = &monitor->streams[name];
    if (wants(client, name) && (stream->fd >= 0 || stream->rest >= 0 || stream->busy))
      return true;
  }
  return false;
}

/* A packet can be sent to the client as soon as its socket has room. */
static bool owes_now(const struct monitor *monitor, const struct client *client)
{
  return client->owes_ready || client->owes_answer || client->owes_credit || client->owes_output[STREAM_STDOUT] ||
         client->owes_output[STREAM_STDERR] || (client->owes_exit && !output_pending(monitor, client));
}

short client_events(const struct monitor *monitor, const struct client *client)
{
  bool waits = client->waits_for_kill || client->owes_answer ||
               (client->waits_for_turn && monitor->killer.running) ||
               (client->waits_for_input && input_busy(&monitor->input));
  return (short)((waits ? 0 : POLLIN) | (owes_now(monitor, client) ? POLLOUT : 0));
}

/* Recomputes whether anyone owes the stream's packet. */
static void update_busy(struct monitor *monitor, struct stream *stream)
{
  bool busy = false;
  for (int place = 0; place < monitor->clients.count && !busy; place++) {
    const struct client *client = &monitor->clients.places[place];
    busy = client->fd >= 0 && client->owes_output[stream->name];
  }
  stream->busy = busy;
}

void client_drop(struct monitor *monitor, struct client *client)
{
  bool had_stdin = client->had_stdin;
  bool first = client == &monitor->clients.places[0];
  (void)close(client->fd); /* a socket whose peer is gone or is to see the end */
  *client = (struct client){.fd = -1};
  if (first)
    monitor->clients.first_is_silent = false;
  for (enum stream_name name = 0; name < STREAM_COUNT; name++)
    update_busy(monitor, &monitor->streams[name]);
  if (monitor->input.owner == client)
    monitor->input.owner = NULL;
  if (had_stdin && !monitor->input.terminal)
    input_end(monitor);
}

enum send_result { SENT, LATER, GONE };

static enum send_result send_packet(const struct client *client, const void *bytes, size_t length)
{
  if (RETRY_EINTR(send(client->fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL)) >= 0)
    return SENT;
  return errno == EAGAIN || errno == ENOBUFS ? LATER : GONE;
}

bool client_send_owed(struct monitor *monitor, struct client *client)
{
  enum send_result result = SENT;
  if (client->owes_ready) {
    const char packet[] = {PACKET_READY};
    result = send_packet(client, packet, sizeof packet);
    client->owes_ready = result == LATER;
  }
  if (client->owes_answer && result == SENT) {
    uint32_t error = (uint32_t)client->answer;
    const unsigned char packet[] = {PACKET_ANSWER, error & 255, error >> 8 & 255, error >> 16 & 255, error >> 24};
    result = send_packet(client, packet, sizeof packet);
    client->owes_answer = result == LATER;
  }
  if (client->owes_credit && result == SENT) {
    const char packet[] = {PACKET_CREDIT, monitor->input.fd >= 0 && !monitor->input.ending};
    result = send_packet(client, packet, sizeof packet);
    client->owes_credit = result == LATER;
  }
  for (enum stream_name name = 0; name < STREAM_COUNT && result != GONE; name++) {
    struct stream *stream = &monitor->streams[name];
    if (!client->owes_output[name] || result != SENT)
      continue;
    result = send_packet(client, stream->packet, stream->length);
    client->owes_output[name] = result == LATER;
    update_busy(monitor, stream);
  }
  if (result != GONE && result == SENT && client->owes_exit && !output_pending(monitor, client)) {
    char packet[1 + EXIT_RECORD_MAX] = {PACKET_EXIT};
    size_t length = 1 + exit_record_text(monitor, packet + 1);
    result = send_packet(client, packet, length);
    client->owes_exit = result == LATER;
  }
  if (result == GONE)
    client_drop(monitor, client);
  return result != GONE;
}

void clients_send_output(struct monitor *monitor, struct stream *stream)
{
  for (int place = 0; place < monitor->clients.count; place++) {
    struct client *client = &monitor->clients.places[place];
    if (client->fd < 0 || !wants(client, stream->name))
      continue;
    client->owes_output[stream->name] = true;
    (void)client_send_owed(monitor, client);
  }
  update_busy(monitor, stream);
}

void clients_send_credit(struct monitor *monitor, struct client *client)
{
  client->owes_credit = true;
  (void)client_send_owed(monitor, client);
}

void client_answer_kill(struct monitor *monitor, struct client *client, int error)
{
  client->waits_for_kill = false;
  client->owes_answer = true;
  client->answer = error;
  (void)client_send_owed(monitor, client);
}

void clients_answer_kill(struct monitor *monitor, int error)
{
  for (int place = 0; place < monitor->clients.count; place++) {
    struct client *client = &monitor->clients.places[place];
    if (client->fd >= 0 && client->waits_for_kill)
      client_answer_kill(monitor, client, error);
  }
}

void clients_send_exit(struct monitor *monitor)
{
  for (int place = 0; place < monitor->clients.count; place++) {
    struct client *client = &monitor->clients.places[place];
    if (client->fd < 0 || !client->greeted)
      continue;
    client->owes_exit = client->flags & HELLO_EXIT;
    (void)client_send_owed(monitor, client);
  }
}

bool clients_owe(const struct monitor *monitor)
{
  for (int place = 0; place < monitor->clients.count; place++) {
    const struct client *client = &monitor->clients.places[place];
    if (client->fd >= 0 && (owes_now(monitor, client) || output_pending(monitor, client)))
      return true;
  }
  return false;
}
