/* Command lines of the OCI runtime. @see crun(1), runc(8): the subcommands and options that both have */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "early.h"
#include "guarded.h"
#include "monitor.h"

/* Words around the lists of the command line, and the NULL. */
enum { FIXED_WORDS = 16 };

struct command {
  const char **words;
  size_t length;
};

static void word(struct command *command, const char *text)
{
  command->words[command->length++] = text;
}

static void words(struct command *command, const struct list *list)
{
  for (size_t i = 0; i < list->length; i++)
    word(command, list->items[i]);
}

/* Starts "RUNTIME [runtime-args]" and what `parts` adds. */
#define WITH_COMMAND(command, monitor)                                                                                 \
  const struct options *options = &(monitor)->options;                                                                 \
  const char *words_[FIXED_WORDS + options->runtime_args.length + options->create_args.length];                        \
  struct command command = {.words = words_};                                                                          \
  word(&command, options->runtime);                                                                                    \
  words(&command, &options->runtime_args)

static int run_guarded(int guarded, const struct command *command, struct child *child, const int stdio[3], child_starter *start)
{
  char path[GUARDED_PATH_SIZE], *environment[guarded_room()];
  guarded_path(guarded, path);
  guarded_environment(environment);
  return start(child, path, command->words, environment, stdio);
}

static int run_by(struct command *command, struct child *child, const int stdio[3], child_starter *start)
{
  word(command, NULL);
  const char *path = command->words[0];
  _cleanup_fd_ int guarded = guarded_open(path);
  if (guarded >= 0 && run_guarded(guarded, command, child, stdio, start) == 0)
    return 0;
  return start(child, path, command->words, environ, stdio);
}

static int run(struct command *command, struct child *child, const int stdio[3])
{
  return run_by(command, child, stdio, child_start);
}

int runtime_create(struct monitor *monitor, const struct birth *birth, child_starter *start)
{
  WITH_COMMAND(command, monitor);
  if (options->hold) {
    word(&command, "create");
  } else {
    word(&command, "run");
    word(&command, "--detach");
  }
  word(&command, "--bundle");
  word(&command, options->bundle);
  word(&command, "--pid-file");
  word(&command, birth->pid_file);
  if (birth->config) {
    word(&command, "--config");
    word(&command, birth->config);
  }
  if (birth->console) {
    word(&command, "--console-socket");
    word(&command, birth->console);
  }
  words(&command, &options->create_args);
  word(&command, options->id);
  return run_by(&command, &monitor->runtime, birth->stdio, start);
}

int runtime_start(struct monitor *monitor, const int stdio[3])
{
  WITH_COMMAND(command, monitor);
  word(&command, "start");
  word(&command, options->id);
  return run(&command, &monitor->runtime, stdio);
}

int runtime_delete(struct monitor *monitor)
{
  static const int nothing[3] = {-1, -1, -1};
  WITH_COMMAND(command, monitor);
  word(&command, "delete");
  word(&command, "--force");
  word(&command, options->id);
  return run(&command, &monitor->runtime, nothing);
}

int runtime_kill_all(struct monitor *monitor, int signal)
{
  static const int nothing[3] = {-1, -1, -1};
  char number[16];
  (void)snprintf(number, sizeof number, "%d", signal);
  WITH_COMMAND(command, monitor);
  word(&command, "kill");
  word(&command, "--all");
  word(&command, options->id);
  word(&command, number);
  return run(&command, &monitor->killer, nothing);
}

void tail_read(struct tail *tail)
{
  while (tail->fd >= 0) {
    char bytes[TAIL_SIZE / 2];
    ssize_t count = RETRY_EINTR(read(tail->fd, bytes, sizeof bytes));
    if (count < 0 && errno == EAGAIN)
      return;
    if (count <= 0) {
      cleanup_fd(&tail->fd);
      tail->fd = -1;
      return;
    }
    size_t fresh = (size_t)count;
    size_t keep = tail->length + fresh > sizeof tail->bytes ? sizeof tail->bytes - fresh : tail->length;
    memmove(tail->bytes, tail->bytes + tail->length - keep, keep);
    memcpy(tail->bytes + keep, bytes, fresh);
    tail->length = keep + fresh;
  }
}
