/* The one struct of the monitor, and which file does what with it. */
#pragma once
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/types.h>

#include "cgroup.h"
#include "child.h"
#include "clients.h"
#include "clock.h"
#include "input.h"
#include "log.h"
#include "options.h"
#include "stream.h"
#include "trash.h"

/* The end of what the runtime said. */
#define TAIL_SIZE 4096

struct tail {
  int fd; /* -1: closed */
  size_t length;
  char bytes[TAIL_SIZE];
};

struct monitor {
  struct options options;
  int run_dir;          /* directory */
  int holder;           /* keeps our entry among the holders of the user namespace */
  int signals;          /* signalfd */
  int status;           /* status channel; -1: closed */
  int console_listener; /* -1: none */
  int console;          /* connection of the runtime that brings the terminal; -1: none */
  int terminal;         /* pty master; -1: none (yet) */
  int terminal_peer;    /* the other side, held open so that no pause between two users of it looks like the end */
  struct winsize window;
  bool window_known;
  struct child runtime; /* create, run, start, delete; the cleanup command */
  struct child killer;  /* the runtime's kill --all */
  int killer_signal;
  struct child container;
  struct tail said; /* by the runtime */
  struct cgroup cgroup;
  struct log log;
  struct stream streams[STREAM_COUNT];
  struct input input;
  struct clients clients;
  bool reaps_all;       /* of all children is waited for: the container's process is known, or will not come */
  bool reading;         /* output is read: the container has been created */
  bool bundle_told;     /* "bundle" has come */
  bool start_asked;     /* "start" has come */
  bool start_abandoned; /* the channel was closed before */
  bool terminate;       /* SIGTERM has come and is still to be sent on */
  bool oom_killed;
  bool loss_told; /* log-loss.json is there */
  long long deadline_ms; /* 0: none */
  char started_at[TIME_TEXT];
  char finished_at[TIME_TEXT];
  int exit_code;
  struct trash trash; /* set aside, and still to be removed */
  bool ended; /* everything is cleaned up, exit_code stands: clients may be told */
};

/* One turn of the loop: waits for something to happen and serves it. At most `timeout_ms` (-1: for ever). */
void loop_turn(struct monitor *monitor, int timeout_ms);

/* Takes note of the children that have ended. SIGCHLD brings it about; else for a child whose signal came before its name. */
void loop_reap(struct monitor *monitor);

/*
 * create.c: makes the container (and, without --hold, starts it). 0 when its process exists; -1 when that failed, which
 * `failure` then tells; 1 when it was given up before anything was made.
 */
struct failure {
  const char *operation; /* "runtime": see exit_code and monitor->said */
  const char *argument;
  int error;
  int exit_code;
};
int create_container(struct monitor *monitor, struct failure *failure);
/* With --hold: has the runtime start it. */
int start_container(struct monitor *monitor, struct failure *failure);

/* terminal.c: the console socket. */
int terminal_listen(struct monitor *monitor, char *path, size_t size);
void terminal_accept(struct monitor *monitor);
void terminal_receive(struct monitor *monitor);
void terminal_resize(struct monitor *monitor, unsigned short rows, unsigned short columns);

/* runtime.c: command lines of the OCI runtime. Each returns 0 or an errno. */
struct birth;
int runtime_create(struct monitor *monitor, const struct birth *birth, child_starter *start);
int runtime_start(struct monitor *monitor, const int stdio[3]);
int runtime_delete(struct monitor *monitor);
int runtime_kill_all(struct monitor *monitor, int signal);
/* Takes what the runtime says from said.fd; keeps the last of it. */
void tail_read(struct tail *tail);

/* kill.c: signals to the container, as clients ask. 0, an errno, or -1: the answer comes with clients_answer_kill. */
int kill_first(const struct monitor *monitor, int signal);
int kill_all(struct monitor *monitor, int signal);

/* finish.c: after the container has ended; after it was created and given up; before it was; after that has failed, which it reports. */
void finish_ended(struct monitor *monitor);
void finish_abandoned(struct monitor *monitor);
void finish_unborn(struct monitor *monitor);
void finish_failed(struct monitor *monitor, const struct failure *failure);
/* Serves the clients that are behind and tells the exit code. */
void farewell(struct monitor *monitor);
