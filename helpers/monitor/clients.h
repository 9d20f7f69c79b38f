/*
 * The attach server: clients of a container, each on its own SOCK_SEQPACKET connection. src/runtime/index.ts tells the
 * protocol. A client costs a few bytes here and no buffer: what it has not taken yet is marked as owed and is sent when its
 * socket has room.
 */
#pragma once
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include "stream.h"

#define CLIENTS_MAX 256

struct monitor;

struct client {
  int fd; /* -1: free place */
  uint8_t flags;
  bool greeted;
  bool had_stdin;
  bool owes_ready;
  bool owes_answer;
  bool owes_credit;
  bool owes_exit;
  bool owes_output[STREAM_COUNT];
  bool waits_for_kill;  /* has asked for it: not read until the runtime's kill has ended and is answered */
  bool waits_for_turn;  /* is about to ask for it: not read while another's is under way */
  bool waits_for_input; /* has stdin at hand: not read until the container has taken what came before */
  int32_t answer;
};

struct clients {
  int listener; /* -1: none */
  int count;                 /* places that have ever been used */
  long long paused_until_ms; /* the listener is left alone: no descriptor was free */
  bool first_is_silent; /* --client-fd has not said hello: output waits for it */
  struct client places[CLIENTS_MAX];
};

/* Binds run-dir/attach, for the owner only. 0, or -1 with errno. */
int clients_listen(struct clients *clients, const char *run_dir);

/* Takes a connection over; false (and closed) where there is no place. */
bool clients_add(struct clients *clients, int fd);

/* Accepts everyone who waits. */
void clients_accept(struct clients *clients);

/* The events to poll for. */
short client_events(const struct monitor *monitor, const struct client *client);

/* Serves one client after poll. */
void client_serve(struct monitor *monitor, struct client *client, short events);

/* Gives the packet in `stream` to all who want it. */
void clients_send_output(struct monitor *monitor, struct stream *stream);

/* Sends what the client is owed, in order; true while it is still there. */
bool client_send_owed(struct monitor *monitor, struct client *client);

/* The answer to one kill: 0 or an errno. */
void client_answer_kill(struct monitor *monitor, struct client *client, int error);

/* Answers whoever waits for the runtime's kill. */
void clients_answer_kill(struct monitor *monitor, int error);

/* Tells a client that it may send more stdin, or that there is no stdin any more. */
void clients_send_credit(struct monitor *monitor, struct client *client);

/* Tells all who asked that the container has ended: those who want output, once they have all of it. */
void clients_send_exit(struct monitor *monitor);

/* True while some client is owed a packet or output. */
bool clients_owe(const struct monitor *monitor);

void client_drop(struct monitor *monitor, struct client *client);
