#define _GNU_SOURCE
#include "launcher.h"

#include "cleanup.h"
#include "die.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

/*
 * The namespace is born in a child that only waits: should the mapping fail, this process still stands outside, whole, and can
 * tell the user why. With the maps written, this process joins by setns.
 */
struct nursery {
  pid_t pid;
  int keep_alive; /* write end of a pipe: the child ends when it closes, by us or by our death */
};

/* Returns 0 or an errno. */
static int write_file(const char *path, const char *text)
{
  size_t length = strlen(text);
  _cleanup_fd_ int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return errno;
  ssize_t written = write(fd, text, length);
  return written == (ssize_t)length ? 0 : written < 0 ? errno : EIO;
}

/* The one mapping that a user may write himself: his own id, with setgroups given up. @see user_namespaces(7) */
static int write_single_maps(const char *uid_map, const char *gid_map)
{
  int error = write_file("/proc/self/setgroups", "deny");
  if (!error)
    error = write_file("/proc/self/uid_map", uid_map);
  return error ? error : write_file("/proc/self/gid_map", gid_map);
}

/* Starts the child. With `single_maps` it writes its own. Returns 0 or an errno. */
static int start_nursery(struct nursery *nursery, const char *uid_map, const char *gid_map)
{
  int alive[2], report[2];
  if (pipe2(alive, O_CLOEXEC) != 0 || pipe2(report, O_CLOEXEC) != 0)
    die_errno("pipe", NULL);
  /* A bare clone(2) works as fork does; the child calls nothing that needs the C library's fork handlers. */
  pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
  if (pid < 0) {
    int error = errno;
    (void)close(alive[0]), (void)close(alive[1]), (void)close(report[0]), (void)close(report[1]);
    return error;
  }
  if (pid == 0) {
    int error = uid_map ? write_single_maps(uid_map, gid_map) : 0;
    char byte;
    (void)close(alive[1]);
    if (write(report[1], &error, sizeof error) == (ssize_t)sizeof error)
      (void)RETRY_EINTR(read(alive[0], &byte, 1)); /* until the parent closes or dies */
    _exit(0);
  }
  int error = EIO;
  (void)close(alive[0]), (void)close(report[1]);
  if (RETRY_EINTR(read(report[0], &error, sizeof error)) != (ssize_t)sizeof error)
    error = EIO;
  (void)close(report[0]);
  *nursery = (struct nursery){pid, alive[1]};
  return error;
}

static void end_nursery(struct nursery *nursery)
{
  int status;
  (void)close(nursery->keep_alive);
  wait_for_child(nursery->pid, &status);
}

static int open_namespace(pid_t pid, struct refusal *refusal)
{
  char path[64];
  (void)snprintf(path, sizeof path, "/proc/%d/ns/user", (int)pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    refuse_userns(refusal, errno, "open the new user namespace");
  return fd;
}

static int create_single(struct refusal *refusal)
{
  struct nursery nursery;
  _cleanup_free_ char *uid_map = must_format("0 %u 1\n", getuid());
  _cleanup_free_ char *gid_map = must_format("0 %u 1\n", getgid());
  int error = start_nursery(&nursery, uid_map, gid_map);
  if (error) {
    refuse_userns(refusal, error, "create a user namespace with one id");
    return -1; /* a nursery that lives ends with this process's descriptor, at the latest at exec */
  }
  int fd = open_namespace(nursery.pid, refusal);
  end_nursery(&nursery);
  return fd;
}

static int create_mapped(const struct idmap *plan, struct refusal *refusal)
{
  struct nursery nursery;
  int error = start_nursery(&nursery, NULL, NULL);
  if (error) {
    refuse_userns(refusal, error, "create a user namespace");
    return -1;
  }
  int fd = idmap_write(plan, nursery.pid, refusal) ? open_namespace(nursery.pid, refusal) : -1;
  end_nursery(&nursery);
  return fd;
}

int userns_create(const struct idmap *plan, struct refusal *refusal)
{
  return plan->single ? create_single(refusal) : create_mapped(plan, refusal);
}
