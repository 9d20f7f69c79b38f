#define _GNU_SOURCE
#include "signals.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"

/* Of faults of our own no container is told (SIGSEGV …), SIGCHLD and SIGURG tell it nothing, a resize has its own packet. */
static const int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU, SIGIO, SIGPWR, SIGSTKFLT, SIGABRT};

int signals_open(bool proxy)
{
  sigset_t set;
  (void)sigemptyset(&set);
  for (size_t i = 0; i < ARRAY_LENGTH(ending); i++)
    (void)sigaddset(&set, ending[i]);
  (void)sigaddset(&set, SIGWINCH);
  (void)sigaddset(&set, SIGCONT);
  if (proxy) {
    (void)sigaddset(&set, SIGTSTP);
    for (int signal = SIGRTMIN; signal <= SIGRTMAX; signal++)
      (void)sigaddset(&set, signal);
  }
  if (sigprocmask(SIG_SETMASK, &set, NULL) < 0)
    return -1;
  /* A lost pipe shows in write's errno. */
  (void)signal(SIGPIPE, SIG_IGN);
  /* Children of the command that has become us: the monitor, and who clears its memory away. Nobody waits for them. */
  (void)signal(SIGCHLD, SIG_IGN);
  while (waitpid(-1, NULL, WNOHANG) > 0)
    ;
  return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

void signals_die(int signal_number)
{
  sigset_t set;
  (void)signal(signal_number, SIG_DFL);
  (void)sigemptyset(&set);
  (void)sigaddset(&set, signal_number);
  (void)sigprocmask(SIG_UNBLOCK, &set, NULL);
  (void)raise(signal_number);
  _exit(128 + signal_number); /* a signal whose default isn't the end */
}
