#define _GNU_SOURCE
#include "launcher.h"

#include "cleanup.h"
#include "die.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

/* The kernel takes 340 lines in a map. @see user_namespaces(7) */
enum { MAX_RANGES = 339 };

extern char **environ;

struct mapper {
  const char *name;
  const char *path;
  pid_t pid;
  int stderr_fd;
};

/* False with `refusal` filled where it can't be executed. */
static bool start_mapper(struct mapper *mapper, pid_t target, unsigned own, const struct id_ranges *ranges, struct refusal *refusal)
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
  wait_for_child(mapper->pid, &status);
  bool done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (!done)
    refuse_idmap(refusal, mapper->name, mapper->path, said);
  return done;
}

bool idmap_plan(struct idmap *plan, struct refusal *refusal)
{
  static const char *const names[] = {[ID_USER] = "newuidmap", [ID_GROUP] = "newgidmap"};
  _cleanup_free_ char *user = user_name(getuid());
  bool found = true;
  *plan = (struct idmap){.own = {[ID_USER] = getuid(), [ID_GROUP] = getgid()}};
  for (enum id_kind kind = ID_USER; kind <= ID_GROUP; kind++)
    plan->ranges[kind] = subordinate_ranges(kind, user, getuid(), plan->own[kind]);
  plan->single = plan->ranges[ID_USER].length == 0 || plan->ranges[ID_GROUP].length == 0;
  for (enum id_kind kind = ID_USER; kind <= ID_GROUP && !plan->single; kind++) {
    plan->programs[kind] = find_program(names[kind]);
    if (!plan->programs[kind]) {
      refuse_idmap(refusal, names[kind], NULL, "");
      found = false;
    }
  }
  return found;
}

void idmap_free(struct idmap *plan)
{
  for (enum id_kind kind = ID_USER; kind <= ID_GROUP; kind++) {
    free(plan->ranges[kind].items);
    free(plan->programs[kind]);
  }
}

bool idmap_write(const struct idmap *plan, pid_t target, struct refusal *refusal)
{
  struct mapper users = {"newuidmap", plan->programs[ID_USER], 0, -1}, groups = {"newgidmap", plan->programs[ID_GROUP], 0, -1};
  bool users_done = start_mapper(&users, target, plan->own[ID_USER], &plan->ranges[ID_USER], refusal);
  bool groups_done = start_mapper(&groups, target, plan->own[ID_GROUP], &plan->ranges[ID_GROUP], refusal); /* beside the first */
  users_done = users_done && finish_mapper(&users, refusal);
  groups_done = groups_done && finish_mapper(&groups, refusal);
  return users_done && groups_done;
}
