#define _GNU_SOURCE
#include "launcher.h"

#include "cleanup.h"
#include "die.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* The kernel takes 340 lines in a map. @see user_namespaces(7) */
enum { MAX_RANGES = 339 };

extern char **environ;

/*
 * The namespace is born in a child that only waits: should the mapping fail, this process still stands outside, whole, and can
 * tell the user why. With the maps written, this process joins by setns.
 */
struct nursery {
  pid_t pid;
  int keep_alive; /* write end of a pipe: the child ends when it closes, by us or by our death */
};

static void wait_for(pid_t pid, int *status)
{
  if (RETRY_EINTR(waitpid(pid, status, 0)) != pid)
    die_errno("waitpid", NULL);
}

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
  wait_for(nursery->pid, &status);
}

struct mapper {
  const char *name;
  char *path;
  pid_t pid;
  int stderr_fd;
};

/* False with `refusal` filled where it can't be executed. */
static bool start_mapper(struct mapper *mapper, pid_t target, uid_t own, const struct id_ranges *ranges, struct refusal *refusal)
{
  char *arguments[3 * (MAX_RANGES + 1) + 3];
  size_t count = 0, length = ranges->length < MAX_RANGES ? ranges->length : MAX_RANGES;
  unsigned long inside = 1;
  arguments[count++] = must_format("%s", mapper->name);
  arguments[count++] = must_format("%d", (int)target);
  arguments[count++] = must_format("0");
  arguments[count++] = must_format("%u", own);
  arguments[count++] = must_format("1");
  for (size_t i = 0; i < length; inside += ranges->items[i++].count) {
    arguments[count++] = must_format("%lu", inside);
    arguments[count++] = must_format("%lu", ranges->items[i].start);
    arguments[count++] = must_format("%lu", ranges->items[i].count);
  }
  arguments[count] = NULL;

  int pipe_fds[2];
  posix_spawn_file_actions_t actions;
  if (pipe2(pipe_fds, O_CLOEXEC) != 0)
    die_errno("pipe", NULL);
  if (posix_spawn_file_actions_init(&actions) != 0 || posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], 2) != 0)
    die("out of memory");
  int error = posix_spawn(&mapper->pid, mapper->path, &actions, NULL, arguments, environ);
  (void)posix_spawn_file_actions_destroy(&actions);
  (void)close(pipe_fds[1]);
  mapper->stderr_fd = pipe_fds[0];
  for (size_t i = 0; i < count; i++)
    free(arguments[i]);
  if (!error)
    return true;
  (void)close(pipe_fds[0]);
  refuse_idmap(refusal, mapper->name, mapper->path, strerror(error));
  return false;
}

static bool finish_mapper(struct mapper *mapper, struct refusal *refusal)
{
  char said[1024];
  int status;
  size_t length = 0;
  for (;;) {
    ssize_t got = RETRY_EINTR(read(mapper->stderr_fd, said + length, sizeof said - 1 - length));
    if (got <= 0)
      break;
    length += (size_t)got;
  }
  said[length] = '\0';
  (void)close(mapper->stderr_fd);
  wait_for(mapper->pid, &status);
  bool done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (!done)
    refuse_idmap(refusal, mapper->name, mapper->path, said);
  return done;
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

static int create_mapped(struct mapper mappers[2], const struct id_ranges ranges[2], struct refusal *refusal)
{
  struct nursery nursery;
  int error = start_nursery(&nursery, NULL, NULL);
  if (error) {
    refuse_userns(refusal, error, "create a user namespace");
    return -1;
  }
  bool users = start_mapper(&mappers[0], nursery.pid, getuid(), &ranges[0], refusal);
  bool groups = start_mapper(&mappers[1], nursery.pid, getgid(), &ranges[1], refusal); /* beside the first */
  users = users && finish_mapper(&mappers[0], refusal);
  groups = groups && finish_mapper(&mappers[1], refusal);
  int fd = users && groups ? open_namespace(nursery.pid, refusal) : -1;
  end_nursery(&nursery);
  return fd;
}

int userns_create(bool *single_id, struct refusal *refusal)
{
  _cleanup_free_ char *user = user_name(getuid());
  struct id_ranges ranges[2] = {
    subordinate_ranges(ID_USER, user, getuid(), getuid()),
    subordinate_ranges(ID_GROUP, user, getuid(), getgid()),
  };
  int fd = -1;
  *single_id = ranges[0].length == 0 || ranges[1].length == 0;
  if (*single_id) {
    fd = create_single(refusal);
  } else {
    struct mapper mappers[2] = {{.name = "newuidmap"}, {.name = "newgidmap"}};
    bool found = true;
    for (size_t i = 0; i < 2; i++) {
      mappers[i].path = find_program(mappers[i].name);
      if (!mappers[i].path) {
        refuse_idmap(refusal, mappers[i].name, NULL, "");
        found = false;
      }
    }
    if (found)
      fd = create_mapped(mappers, ranges, refusal);
    free(mappers[0].path);
    free(mappers[1].path);
  }
  free(ranges[0].items);
  free(ranges[1].items);
  return fd;
}
