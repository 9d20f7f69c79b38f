#define _GNU_SOURCE
#include "launcher.h"

#include "cleanup.h"
#include "die.h"
#include "disposition.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

void open_missing_stdio(void)
{
  for (int fd = 0; fd <= 2; fd++) {
    if (fcntl(fd, F_GETFD) >= 0)
      continue;
    /* open() takes the lowest free number, and all below `fd` are open by now. */
    if (open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd)
      die_errno("open", "/dev/null");
  }
}

void reset_signals(void)
{
  sigset_t none;
  struct sigaction original;
  sigemptyset(&none);
  if (sigprocmask(SIG_SETMASK, &none, NULL) != 0)
    die_errno("sigprocmask", NULL);
  /* systemd starts services with SIGPIPE ignored, some parents ignore SIGCHLD: pasta, waitpid and the contained program mind. */
  for (int number = 1; number <= SIGRTMAX; number++) {
    if (number == SIGKILL || number == SIGSTOP || number == SIGHUP || number == SIGINT || number == SIGQUIT)
      continue;
    if (sigaction(number, NULL, &original) < 0 || original.sa_handler != SIG_DFL) /* not told of those that the C library keeps for itself */
      disposition_reset(number);
  }
}

void wait_for_child(pid_t pid, int *status)
{
  if (RETRY_EINTR(waitpid(pid, status, 0)) != pid)
    die_errno("waitpid", NULL);
}
