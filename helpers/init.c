/*
 * skiff-init: PID 1 of a container with --init. Static, so that it runs in any image.
 *
 *   skiff-init [--] COMMAND [ARGUMENT]...
 *
 * Starts the command in a process group of its own (in the terminal's foreground where there is one), passes every signal
 * that can be caught on to it, reaps what is orphaned, and ends with the command's exit code, 128+n for signal n;
 * 127 where the command is not found, 126 where it can't be executed, 125 for its own failures.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_FAILED = 125, EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_FOUND = 127, SIGNAL_BASE = 128 };

__attribute__((noreturn)) static void die_errno(const char *operation, const char *argument, int code)
{
  fprintf(stderr, "skiff-init: %s%s%s%s: %s\n", operation, argument ? " \"" : "", argument ? argument : "", argument ? "\"" : "", strerror(errno));
  _exit(code);
}

/* The signals that a fault of our own raises: blocked, they would make a loop of it. */
static const int own_faults[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS};

static void block_signals(sigset_t *handled, sigset_t *original)
{
  sigfillset(handled);
  for (size_t i = 0; i < sizeof own_faults / sizeof own_faults[0]; i++)
    sigdelset(handled, own_faults[i]);
  if (sigprocmask(SIG_SETMASK, handled, original) != 0)
    die_errno("sigprocmask", NULL, EXIT_FAILED);
}

__attribute__((noreturn)) static void become_command(char **command, const sigset_t *original)
{
  /* Both fail harmlessly: EPERM for a session leader, ENOTTY without a terminal. SIGTTOU is blocked, so taking the foreground can't stop us. */
  (void)setpgid(0, 0);
  (void)tcsetpgrp(STDIN_FILENO, getpgrp());
  if (sigprocmask(SIG_SETMASK, original, NULL) != 0)
    die_errno("sigprocmask", NULL, EXIT_FAILED);
  (void)execvp(command[0], command); /* returns only to fail */
  die_errno("execute", command[0], errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

/* Reaps all that has ended. Returns the exit code once the command itself is among them, else -1. */
static int reap(pid_t command)
{
  int code = -1, status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
    if (pid == command)
      code = WIFSIGNALED(status) ? SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status);
  return code;
}

int main(int argc, char **argv)
{
  int first = argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1;
  if (first >= argc) {
    fputs("skiff-init: usage: skiff-init [--] COMMAND [ARGUMENT]...\n", stderr);
    return EXIT_FAILED;
  }
  /* With --pid=host another process is PID 1: orphans of the command come to us only on request. */
  if (getpid() != 1 && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
    die_errno("prctl", "PR_SET_CHILD_SUBREAPER", EXIT_FAILED);

  /* Inherited as ignored it would let the kernel reap for us, and the exit code would be lost. */
  if (signal(SIGCHLD, SIG_DFL) == SIG_ERR)
    die_errno("signal", "SIGCHLD", EXIT_FAILED);
  sigset_t handled, original;
  block_signals(&handled, &original);
  pid_t command = fork();
  if (command < 0)
    die_errno("fork", NULL, EXIT_FAILED);
  if (command == 0)
    become_command(argv + first, &original);

  for (;;) {
    int number = sigwaitinfo(&handled, NULL);
    if (number < 0 && errno != EINTR)
      die_errno("sigwaitinfo", NULL, EXIT_FAILED);
    if (number == SIGCHLD) {
      int code = reap(command);
      if (code >= 0)
        return code;
    } else if (number > 0 && number != SIGTTIN && number != SIGTTOU) {
      /* The command is not reaped yet, so the pid is still its own. A failure (EPERM after setuid) leaves nothing to do. */
      (void)kill(command, number);
    }
  }
}
