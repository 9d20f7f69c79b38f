#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "die.h"
#include "guarded.h"

/* Words that stand behind the runtime's own arguments, and the NULL. */
enum { EXEC_WORDS = 10 };

struct message {
  int signal_number; /* 0: the terminal that comes with it is to be held */
};

union one_descriptor {
  struct cmsghdr header;
  char space[CMSG_SPACE(sizeof(int))];
};

struct keeper {
  const struct options *options;
  int client; /* -1: gone */
  int signals;
  int terminal; /* held after a detach; -1 else */
  pid_t command;
};

static void report(const struct keeper *keeper, int code)
{
  (void)RETRY_EINTR(send(keeper->client, &code, sizeof code, MSG_NOSIGNAL)); /* fails where the client has gone: there is no one to tell */
}

__attribute__((noreturn)) static void fail(const struct keeper *keeper, const char *operation, const char *argument)
{
  int error = errno;
  report(keeper, EXIT_SKIFF_FAILED);
  errno = error;
  die_errno(operation, argument);
}

/* The runtime's own arguments, `length` of them, and the words behind them. */
static void runtime_words(const struct keeper *keeper, const char *console, const char **words, size_t length)
{
  const struct options *options = keeper->options;
  memcpy(words, options->runtime, length * sizeof *words);
  words[length++] = "exec";
  words[length++] = "--detach";
  words[length++] = "--pid-file";
  words[length++] = must_format("%s.pid", options->session);
  words[length++] = "--process";
  words[length++] = must_format("/proc/%d/fd/%d", (int)getpid(), options->process_fd);
  if (console) {
    words[length++] = "--console-socket";
    words[length++] = console;
  }
  words[length++] = options->id;
  words[length] = NULL;
}

/* In a child that shares our memory until it has become another program. */
__attribute__((noreturn)) static void become_runtime(const char *const *words, int guarded, const char *path, char **environment)
{
  sigset_t none;
  (void)sigemptyset(&none);
  (void)signal(SIGPIPE, SIG_DFL);
  (void)sigprocmask(SIG_SETMASK, &none, NULL); /* fails for a wrong first argument only */
  if (guarded >= 0)
    (void)execve(path, (char *const *)words, environment); /* returns only to fail */
  (void)execv(words[0], (char *const *)words);
  die_errno("execve", words[0]);
}

/* The runtime's exit code. */
static int run_runtime(const struct keeper *keeper, const char *console)
{
  size_t own = 0;
  while (keeper->options->runtime[own])
    own++;
  char path[GUARDED_PATH_SIZE], *environment[guarded_room()];
  const char *words[own + EXEC_WORDS];
  runtime_words(keeper, console, words, own);
  _cleanup_fd_ int guarded = guarded_open(words[0]);
  guarded_path(guarded, path);
  guarded_environment(environment);
  pid_t pid = vfork(); /* nothing of ours is copied, for a program that needs none of it */
  if (pid == 0)
    become_runtime(words, guarded, path, environment);
  int status;
  if (pid < 0 || RETRY_EINTR(waitpid(pid, &status, 0)) < 0)
    fail(keeper, "fork", NULL);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* What the runtime wrote; the file is not needed any more. */
static pid_t take_pid(const struct keeper *keeper)
{
  char text[24] = "";
  char *path = must_format("%s.pid", keeper->options->session);
  _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0 || RETRY_EINTR(read(fd, text, sizeof text - 1)) < 0)
    fail(keeper, "read", path);
  (void)unlink(path); /* goes with the container's run dir at the latest */
  long pid = strtol(text, NULL, 10);
  errno = EINVAL;
  if (pid < 2 || pid > INT_MAX)
    fail(keeper, "read", path);
  free(path);
  return (pid_t)pid;
}

static void hang_up(struct keeper *keeper)
{
  cleanup_fd(&keeper->client);
  keeper->client = -1;
}

static void obey(struct keeper *keeper)
{
  struct message message;
  union one_descriptor control;
  struct iovec data = {.iov_base = &message, .iov_len = sizeof message};
  struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  ssize_t count = RETRY_EINTR(recvmsg(keeper->client, &header, MSG_CMSG_CLOEXEC));
  if (count < 0 && errno == EAGAIN)
    return;
  if (count != (ssize_t)sizeof message) {
    hang_up(keeper);
    return;
  }
  const struct cmsghdr *sent = CMSG_FIRSTHDR(&header);
  if (sent && sent->cmsg_type == SCM_RIGHTS)
    memcpy(&keeper->terminal, CMSG_DATA(sent), sizeof keeper->terminal);
  else
    (void)kill(keeper->command, message.signal_number); /* ours and not reaped: it can't be another's pid. EINVAL for a number it does not know */
}

static void swallow(struct keeper *keeper)
{
  char bytes[4096];
  ssize_t count = RETRY_EINTR(read(keeper->terminal, bytes, sizeof bytes));
  if (count > 0 || (count < 0 && errno == EAGAIN))
    return;
  cleanup_fd(&keeper->terminal); /* EIO: nobody has it open any more */
  keeper->terminal = -1;
}

/* The command's wait status, once it has ended. */
static int await_command(struct keeper *keeper)
{
  for (;;) {
    int status;
    pid_t ended = RETRY_EINTR(waitpid(keeper->command, &status, WNOHANG));
    if (ended == keeper->command)
      return status;
    if (ended < 0)
      fail(keeper, "wait for the command of", keeper->options->runtime[0]);
    struct pollfd slots[] = {
        {.fd = keeper->signals, .events = POLLIN}, {.fd = keeper->client, .events = POLLIN}, {.fd = keeper->terminal, .events = POLLIN}};
    if (RETRY_EINTR(poll(slots, ARRAY_LENGTH(slots), -1)) < 0)
      fail(keeper, "poll", NULL);
    struct signalfd_siginfo info;
    if (slots[0].revents)
      (void)RETRY_EINTR(read(keeper->signals, &info, sizeof info)); /* SIGCHLD: the look above follows */
    if (slots[1].revents)
      obey(keeper);
    if (slots[2].revents)
      swallow(keeper);
  }
}

/* From now on signals of the user's terminal and of whoever ends the client don't end us. */
static void set_signals(struct keeper *keeper)
{
  sigset_t all, child;
  (void)sigfillset(&all);
  (void)sigprocmask(SIG_SETMASK, &all, NULL); /* fails for a wrong first argument only, as those below */
  (void)signal(SIGCHLD, SIG_DFL);
  (void)sigemptyset(&child);
  (void)sigaddset(&child, SIGCHLD);
  keeper->signals = signalfd(-1, &child, SFD_CLOEXEC);
  if (keeper->signals < 0)
    fail(keeper, "signalfd", NULL);
}

static void take_stdio(const struct keeper *keeper, const struct birth *birth)
{
  for (int fd = 0; fd < 3; fd++)
    if (dup2(birth->theirs[fd], fd) < 0)
      fail(keeper, "dup2", NULL);
  for (int fd = 0; fd < 3; fd++)
    (void)close(birth->theirs[fd]); /* a copy: nothing is lost */
  for (size_t i = 0; i < ARRAY_LENGTH(birth->ours); i++)
    if (birth->ours[i] >= 0)
      (void)close(birth->ours[i]); /* likewise */
}

/*
 * The command alone has its stdin and stdout from here on: whoever is at their other ends sees when it closes them. Its stderr
 * takes what we may have to say.
 */
static void leave_stdio(const struct keeper *keeper)
{
  _cleanup_fd_ int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0)
    fail(keeper, "open", "/dev/null");
}

__attribute__((noreturn)) static void keep(struct keeper *keeper, const struct birth *birth)
{
  take_stdio(keeper, birth);
  (void)setsid(); /* just forked, so the leader of no group: it can't fail */
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
    fail(keeper, "prctl", NULL);
  set_signals(keeper);
  int code = run_runtime(keeper, birth->console);
  if (code != 0) {
    report(keeper, code);
    _exit(code);
  }
  keeper->command = take_pid(keeper);
  leave_stdio(keeper);
  int status = await_command(keeper);
  report(keeper, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
  _exit(0);
}

int keeper_start(const struct options *options, const struct birth *birth)
{
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
    return -1;
  pid_t pid = fork();
  if (pid == 0) {
    (void)close(ends[0]); /* the client's, as it is here */
    keep(&(struct keeper){.options = options, .client = ends[1], .signals = -1, .terminal = -1}, birth);
  }
  cleanup_fd(&ends[1]);
  for (int fd = 0; fd < 3; fd++)
    cleanup_fd((int[]){birth->theirs[fd]});
  if (pid < 0)
    cleanup_fd(&ends[0]);
  return pid < 0 ? -1 : ends[0];
}

bool keeper_signal(int keeper, int signal_number)
{
  const struct message message = {.signal_number = signal_number};
  return RETRY_EINTR(send(keeper, &message, sizeof message, MSG_NOSIGNAL)) >= 0;
}

bool keeper_hold(int keeper, int terminal)
{
  struct message message = {.signal_number = 0};
  union one_descriptor control = {.header = {.cmsg_len = CMSG_LEN(sizeof terminal), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
  memcpy(CMSG_DATA(&control.header), &terminal, sizeof terminal);
  struct iovec data = {.iov_base = &message, .iov_len = sizeof message};
  struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  return RETRY_EINTR(sendmsg(keeper, &header, MSG_NOSIGNAL)) >= 0;
}

int keeper_exit_code(int keeper)
{
  int code;
  return RETRY_EINTR(recv(keeper, &code, sizeof code, 0)) == (ssize_t)sizeof code ? code : -1;
}
