/*
 * skiff: the program on PATH. Enters the namespaces that the verb needs, then becomes Node, in the same process.
 *
 * Node is multi-threaded and can't change its own user and mount namespaces, so this happens before it starts:
 *   none     (reads metadata)    nothing
 *   enter    join the user namespace of a living holder or create one (newuidmap, newgidmap); register as a holder;
 *            a mount namespace of its own; cgroup2 on /sys/fs/cgroup where the host has another tree;
 *            for run and create a child that makes the container's layers meanwhile
 *   worker   (hidden verbs)      one more mount namespace, nothing propagates
 * What came of it is told by the environment; src/host/session.ts has the list. Where a namespace can't be had, Node
 * starts all the same with the reason: help, version, info and doctor work, the rest print it.
 */
#define _GNU_SOURCE
#include "launcher/launcher.h"

#include "cleanup.h"
#include "die.h"
#include "verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

extern char **environ;

/* Set here, read and removed by src/host/session.ts; compared by test/unit/host/session.test.ts. */
static const char *const session_variables[] = {
  "SKIFF_LAUNCHED", "SKIFF_USERNS", "SKIFF_SINGLE_ID", "SKIFF_REFUSAL_CODE", "SKIFF_REFUSAL_MESSAGE", "SKIFF_REFUSAL_HINT", "SKIFF_HOST_UID",
  "SKIFF_HOST_GID", "SKIFF_SELF", "SKIFF_CGROUP", "SKIFF_RUNTIME_DIR", "SKIFF_HOLDER_FD", "SKIFF_MAPS_FD", "SKIFF_MAPS_PID", "SKIFF_OPEN_FILES",
  "SKIFF_UMASK", "SKIFF_AHEAD_ID", "SKIFF_AHEAD_PID", "SKIFF_AHEAD_FD", "SKIFF_AHEAD_ROOT", "SKIFF_SAVED_NODE_EXTRA_CA_CERTS", "SKIFF_SAVED_NODE_OPTIONS",
};

/* By it a command that was started outside asks to be started again inside; src/host/become.ts. */
#define ENTER_VARIABLE "SKIFF_ENTER"

/* A variable's value; NULL where it has none. */
static const char *given_in(const char *name)
{
  const char *value = getenv(name);
  return value && *value ? value : NULL;
}

static void set(const char *name, const char *value)
{
  if (setenv(name, value, 1) != 0)
    die("out of memory");
}

static void set_number(const char *name, unsigned long value)
{
  char text[32];
  (void)snprintf(text, sizeof text, "%lu", value);
  set(name, text);
}

/* The id on the host of our id 0, where we are inside a user namespace; else `id` itself. */
static unsigned host_id(const char *map_path, unsigned id)
{
  _cleanup_free_ char *map = id == 0 ? read_file(map_path) : NULL;
  unsigned long inside, outside, count;
  if (map && sscanf(map, "%lu %lu %lu", &inside, &outside, &count) == 3 && inside == 0)
    return (unsigned)outside;
  return id;
}

struct identity {
  unsigned uid, gid;
  char *runtime_dir;
};

/*
 * Who the user is on the host, and where his runtime directory is. As uid 0 of a namespace we may be inside skiff's own (the
 * monitor's cleanup, `skiff unshare`) or inside a stranger's (a rootless container): the first is known by its holders.
 */
static struct identity find_identity(bool surely_inside, struct refusal *refusal)
{
  struct identity plain = {getuid(), getgid(), NULL};
  struct identity outer = {host_id("/proc/self/uid_map", plain.uid), host_id("/proc/self/gid_map", plain.gid), NULL};
  if (outer.uid != plain.uid || outer.gid != plain.gid || surely_inside) {
    struct refusal ignored = {0};
    outer.runtime_dir = runtime_dir(outer.uid, &ignored);
    if (outer.runtime_dir && (surely_inside || userns_is_ours(outer.runtime_dir)))
      return outer;
    free(outer.runtime_dir);
  }
  plain.runtime_dir = runtime_dir(plain.uid, refusal);
  return plain;
}

/* Hides a variable from Node's start; src/host/session.ts gives it back. */
static void put_aside(const char *name, const char *saved_as)
{
  const char *value = given_in(name);
  if (!value)
    return;
  set(saved_as, value);
  (void)unsetenv(name); /* can't fail: the name is valid */
}

/* Node raises the soft limit of open files to the hard one at its start; programs of the user's get back what he had. */
static void remember_open_files(void)
{
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    die_errno("getrlimit", "RLIMIT_NOFILE");
  if (limit.rlim_cur < limit.rlim_max)
    set_number("SKIFF_OPEN_FILES", limit.rlim_cur);
}

/* Of the user's mask only files that he asks for himself may know; src/host/umask.ts tells why, and gives it back. */
static void set_umask(void)
{
  enum { OURS = 022 };
  mode_t before = umask(OURS);
  if (before != OURS)
    set_number("SKIFF_UMASK", before);
}

static void tell_refusal(const struct refusal *refusal)
{
  set("SKIFF_USERNS", "refused");
  set("SKIFF_REFUSAL_CODE", refusal->code);
  set("SKIFF_REFUSAL_MESSAGE", refusal->message);
  set("SKIFF_REFUSAL_HINT", refusal->hint);
}

/* For a descriptor that Node inherits; it marks these close-on-exec for its own children. Returns `fd`. */
static unsigned long inherited(int fd)
{
  if (fcntl(fd, F_SETFD, 0) != 0)
    die_errno("fcntl", "FD_CLOEXEC");
  return (unsigned long)fd;
}

static void tell_layers(const struct layers_ahead *ahead)
{
  set("SKIFF_AHEAD_ID", ahead->id);
  set("SKIFF_AHEAD_ROOT", ahead->root);
  set_number("SKIFF_AHEAD_PID", (unsigned long)ahead->pid);
  set_number("SKIFF_AHEAD_FD", inherited(ahead->lock_fd));
}

static void enter(const struct identity *identity, bool maps_may_follow, struct refusal *refusal)
{
  static const char *const views[] = {[CGROUP_NONE] = "none", [CGROUP_V2] = "v2", [CGROUP_PRIVATE] = "private"};
  struct userns userns = {.holder_fd = -1, .maps = {.report_fd = -1}};
  enum cgroup_view cgroup = CGROUP_NONE;
  uid_t uid = getuid();
  userns_enter(identity->runtime_dir, maps_may_follow, &userns, refusal);
  if (!refusal->code)
    (void)mount_namespace_enter(&cgroup, refusal); /* the refusal tells */
  if (refusal->code)
    return;
  set("SKIFF_USERNS", userns.created ? "created" : "joined");
  set("SKIFF_CGROUP", views[cgroup]);
  set_number("SKIFF_HOLDER_FD", inherited(userns.holder_fd)); /* the lock of the entry lives in it */
  if (userns.maps.report_fd >= 0) {
    set_number("SKIFF_MAPS_FD", inherited(userns.maps.report_fd));
    set_number("SKIFF_MAPS_PID", (unsigned long)userns.maps.pid);
  }
  if (userns.single_id) {
    _cleanup_free_ char *hint = hint_subordinate_ids(uid);
    set("SKIFF_SINGLE_ID", "1");
    set("SKIFF_REFUSAL_HINT", hint);
  }
}

/*
 * Whether Node may start before the ids are mapped: not with another script than ours, which would not wait, not for a verb that does
 * without a namespace, and not where Node reads variables that it trusts only while its real and effective ids are one (they change meanwhile).
 */
static bool maps_may_follow(const char *node, unsigned needs)
{
  return (needs & NEED_MAPS) == 0 && getuid() != 0 && !given_in("SKIFF_MAIN") && !getenv("NODE_EXTRA_CA_CERTS") && !getenv("OPENSSL_CONF") && keeps_ambient_rights(node);
}

static char *find_node(void)
{
  const char *given = given_in("SKIFF_NODE");
  if (given)
    return must_format("%s", given);
#ifdef NODE_PATH
  if (access(NODE_PATH, X_OK) == 0)
    return must_format("%s", NODE_PATH);
#endif
  char *path = find_program("node");
  if (!path)
    die("Node is not on PATH; install Node 20 or later, or name it in SKIFF_NODE");
  return path;
}

/* dist/skiff.cjs beside the folder helpers/ of this installation. */
static char *find_script(const char *self)
{
  const char *given = given_in("SKIFF_MAIN");
  if (given)
    return must_format("%s", given);
  _cleanup_free_ char *folder = must_format("%s", self);
  for (int level = 0; level < 3; level++) {
    char *slash = strrchr(folder, '/');
    if (slash)
      *slash = '\0';
  }
  char *script = must_format("%s/dist/skiff.cjs", folder);
  if (access(script, R_OK) != 0) {
    fprintf(stderr, "hint: in a clone of the repository run: npm run build\n");
    die_errno("read", script);
  }
  return script;
}

__attribute__((noreturn)) static void become_node(char *node, const char *self, int argc, char **argv)
{
  _cleanup_free_ char *script = find_script(self);
  enum { BEFORE = 4 };
  char **arguments = must_alloc(calloc((size_t)argc + BEFORE, sizeof *arguments));
  size_t length = 0;
  arguments[length++] = node;
  /* The path of our own has no links (own_path), and Node need not look for any at each of its folders. */
  if (!given_in("SKIFF_MAIN"))
    arguments[length++] = "--preserve-symlinks-main";
  /* Node looks for its own --env-file among all words up to this one, those of the contained command included. */
  arguments[length++] = "--";
  arguments[length++] = script;
  for (int i = 1; i < argc; i++)
    arguments[length++] = argv[i];
  (void)execve(node, arguments, environ); /* returns only to fail */
  die("start Node \"%s\": %s\nhint: %s", node, strerror(errno), getenv("SKIFF_NODE") ? "SKIFF_NODE names it; unset that or correct it" : "reinstall Node, or name another in SKIFF_NODE");
}

int main(int argc, char **argv)
{
  struct refusal refusal = {0};
  open_missing_stdio();
  reset_signals();
  for (size_t i = 0; i < ARRAY_LENGTH(session_variables); i++)
    (void)unsetenv(session_variables[i]); /* left over from a process that did not take them */

  unsigned needs = verb_needs(argc, argv);
  if (getenv(ENTER_VARIABLE)) {
    needs |= NEED_ENTER | NEED_MAPS;
    (void)unsetenv(ENTER_VARIABLE); /* can't fail: the name is valid */
  }
  _cleanup_free_ char *self = own_path();
  _cleanup_free_ char *node = find_node();
  struct identity identity = find_identity((needs & NEED_WORKER) != 0, &refusal);
  set("SKIFF_LAUNCHED", "1");
  set("SKIFF_SELF", self);
  set_number("SKIFF_HOST_UID", identity.uid);
  set_number("SKIFF_HOST_GID", identity.gid);
  remember_open_files();
  set_umask();
  /* Without a trusted directory nothing can be running: a path below a file holds nothing and takes nothing. */
  set("SKIFF_RUNTIME_DIR", identity.runtime_dir ? identity.runtime_dir : "/dev/null/skiff");
  put_aside("NODE_OPTIONS", "SKIFF_SAVED_NODE_OPTIONS"); /* meant for the user's own programs */
  if (!(needs & NEED_NETWORK))
    put_aside("NODE_EXTRA_CA_CERTS", "SKIFF_SAVED_NODE_EXTRA_CA_CERTS");

  if (needs & NEED_WORKER) {
    mount_namespace_isolate();
    set("SKIFF_USERNS", "joined");
  } else if ((needs & NEED_ENTER) && !refusal.code) {
    struct layers_ahead ahead;
    bool begun = (needs & NEED_LAYERS) && layers_ahead(argc, argv, &ahead);
    enter(&identity, maps_may_follow(node, needs), &refusal);
    if (begun)
      tell_layers(&ahead);
  } else {
    static const char *const views[] = {[CGROUP_NONE] = "none", [CGROUP_V2] = "v2", [CGROUP_PRIVATE] = "private"};
    set("SKIFF_USERNS", "none");
    set("SKIFF_CGROUP", views[cgroup_view()]);
  }
  if (refusal.code)
    tell_refusal(&refusal);
  become_node(node, self, argc, argv);
}
