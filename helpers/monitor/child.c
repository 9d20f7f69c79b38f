#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "disposition.h"

int child_start(struct child *child, const char *path, const char *const *argv, char *const *environment, const int stdio[3])
{
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t all, none;
  /* Not by sigfillset, which leaves the C library's own two out: posix_spawn has the child ignore those that it is not told to reset. */
  memset(&all, 0xff, sizeof all);
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

static bool take_stdio(const int stdio[3])
{
  for (int fd = 0; fd < 3; fd++) {
    int from = stdio[fd] < 0 ? open("/dev/null", O_RDWR) : stdio[fd];
    if (from < 0 || dup2(from, fd) < 0)
      return false;
    if (stdio[fd] < 0 && from > 2)
      (void)close(from);
  }
  return true;
}

/* posix_spawn knows no signal for the parent's end, so this one forks. Returns only by ending the process. */
__attribute__((noreturn)) static void become_bound(pid_t parent, int report, const char *path, const char *const *argv, char *const *environment, const int stdio[3])
{
  sigset_t none;
  (void)sigemptyset(&none);
  for (int signal_number = 1; signal_number < NSIG; signal_number++)
    disposition_reset(signal_number);
  /* Whose parent went before the prctl has another by now. */
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent && take_stdio(stdio) && sigprocmask(SIG_SETMASK, &none, NULL) == 0)
    (void)execve(path, (char *const *)argv, environment);
  int error = errno;
  (void)RETRY_EINTR(write(report, &error, sizeof error)); /* nobody to tell where it fails */
  _exit(127);
}

int child_start_bound(struct child *child, const char *path, const char *const *argv, char *const *environment, const int stdio[3])
{
  int report[2], error = 0, status;
  if (pipe2(report, O_CLOEXEC) < 0)
    return errno;
  pid_t parent = getpid(), pid = fork();
  if (pid == 0)
    become_bound(parent, report[1], path, argv, environment, stdio);
  _cleanup_fd_ int from = report[0];
  if (pid < 0)
    error = errno;
  (void)close(report[1]);
  if (pid < 0)
    return error;
  if (RETRY_EINTR(read(from, &error, sizeof error)) == (ssize_t)sizeof error) {
    (void)RETRY_EINTR(waitpid(pid, &status, 0)); /* it is ending */
    return error ? error : EIO;
  }
  *child = (struct child){.pid = pid, .running = true};
  return 0;
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
