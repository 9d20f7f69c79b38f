#define _GNU_SOURCE
#include "child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"

int child_start(struct child *child, const char *path, const char *const *argv, char *const *environment, const int stdio[3])
{
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t all, none;
  (void)sigfillset(&all); /* can't fail */
  (void)sigemptyset(&none);
  int error = posix_spawn_file_actions_init(&actions);
  if (error)
    return error;
  error = posix_spawnattr_init(&attributes);
  if (error) {
    (void)posix_spawn_file_actions_destroy(&actions);
    return error;
  }
  for (int fd = 0; fd < 3 && !error; fd++)
    error = stdio[fd] < 0 ? posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0)
                          : posix_spawn_file_actions_adddup2(&actions, stdio[fd], fd);
  if (!error)
    error = posix_spawnattr_setsigdefault(&attributes, &all);
  if (!error)
    error = posix_spawnattr_setsigmask(&attributes, &none);
  if (!error)
    error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  pid_t pid = 0;
  if (!error)
    error = posix_spawn(&pid, path, &actions, &attributes, (char *const *)argv, environment);
  (void)posix_spawnattr_destroy(&attributes);
  (void)posix_spawn_file_actions_destroy(&actions);
  if (!error)
    *child = (struct child){.pid = pid, .running = true};
  return error;
}

int child_exit_code(int status)
{
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool child_ended(struct child *child, pid_t pid, int status)
{
  if (!child->running || child->pid != pid)
    return false;
  child->running = false;
  child->status = status;
  return true;
}
