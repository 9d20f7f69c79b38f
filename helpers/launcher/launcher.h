/* What the parts of the launcher share. Each part is one file of this folder; launcher.c calls them in order. */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

/*
 * Why no namespace could be had. `code` is an ErrorCode of src/lib/errors.ts; message and hint are shown to the user as they
 * are (the hint may have several lines). All three NULL: no refusal.
 */
struct refusal {
  const char *code;
  char *message;
  char *hint;
};

/* Fills `refusal` unless it already holds an earlier (first) cause. Takes over message and hint. */
void refuse(struct refusal *refusal, const char *code, char *message, char *hint);

/* ---- verb.c ---- */
/* The NEED_ flags (verbs.h) of the verb in argv; 0 for unknown verbs, for none, and where its help is asked for. */
unsigned verb_needs(int argc, char *const *argv);

/* ---- process.c ---- */
/* Opens /dev/null on those of 0, 1, 2 that are closed, so that no file of ours ever gets such a number. */
void open_missing_stdio(void);
/* Signal mask empty; dispositions default, but for the ones a user ignores on purpose (nohup, background jobs of a plain sh). */
void reset_signals(void);
/* Waits for the end of a child of ours. */
void wait_for_child(pid_t pid, int *status);

/* ---- runtime-dir.c ---- */
/*
 * The user's runtime directory, made where missing: $XDG_RUNTIME_DIR/skiff, /run/user/UID/skiff, else /tmp/skiff-run-UID. The last
 * comes first while something of the user's lives there (started by cron before the login, say), unless $XDG_RUNTIME_DIR names
 * a place of its own.
 * `uid` is the user's id on the host, for the names; ownership is compared with the effective uid.
 * NULL with `refusal` filled where none can be trusted. The caller frees.
 */
char *runtime_dir(uid_t uid, struct refusal *refusal);

/* ---- subid.c ---- */
struct id_range {
  unsigned long start, count;
};
struct id_ranges {
  struct id_range *items;
  size_t length;
};
enum id_kind { ID_USER, ID_GROUP };
/*
 * The subordinate ranges of the user, in the order of the file; overlaps with `own` and with earlier ranges are dropped.
 * Source: NSS by libsubid where /etc/nsswitch.conf names another source than files, else /etc/subuid, /etc/subgid.
 * @see subuid(5), nsswitch.conf(5)
 */
struct id_ranges subordinate_ranges(enum id_kind kind, const char *user, uid_t uid, unsigned long own);
/* Appends the ranges that lines of `text` (subuid(5)) give to the user; used by subordinate_ranges() and its test. */
void parse_subid(struct id_ranges *ranges, const char *text, const char *user, uid_t uid);
/* Name of a user by id: /etc/passwd, else NSS. The caller frees; NULL where unknown. */
char *user_name(uid_t uid);

/* ---- idmap.c ---- */
/* Who gets which ids in a new user namespace: the own one is 0 there, the subordinate ones follow. */
struct idmap {
  bool single; /* no subordinate ids: the own one is all */
  unsigned own[2]; /* by id_kind, as what follows */
  struct id_ranges ranges[2];
  char *programs[2]; /* newuidmap and newgidmap */
};
/* What this user's will be. False with `refusal` filled where a program is missing. To be freed either way. */
bool idmap_plan(struct idmap *plan, struct refusal *refusal);
void idmap_free(struct idmap *plan);
/* Writes the maps of the process `target`, by the two programs. False with `refusal` filled. */
bool idmap_write(const struct idmap *plan, pid_t target, struct refusal *refusal);

/* ---- userns.c ---- */
/* The maps of a namespace are being written: by whom, and where he reports. */
struct maps_later {
  pid_t pid;
  int report_fd; /* -1: they are there */
};
struct userns {
  bool joined;
  bool created;
  bool single_id;
  int holder_fd; /* the lock of our holder entry; -1 where there is none */
  struct maps_later maps;
};
/* True where the calling process is already inside the user namespace of a living holder of this runtime directory. */
bool userns_is_ours(const char *runtime_dir);
/* True where this runtime directory has a living holder at all. */
bool userns_is_alive(const char *runtime_dir);
/*
 * Moves the process into the user's user namespace: a living one, else a new one. On failure fills `refusal`; the process then
 * stands outside as before, or (only where the kernel forbids what follows the join) inside without rights.
 * With `maps_may_follow` a new one may still be without its ids (result->maps), and the process's own are unknown until then.
 */
void userns_enter(const char *runtime_dir, bool maps_may_follow, struct userns *result, struct refusal *refusal);

/* ---- nursery.c ---- */
/* Makes a user namespace with the user's ids mapped and returns a descriptor of it; -1 with `refusal` filled. */
int userns_create(const struct idmap *plan, struct refusal *refusal);

/* ---- later.c ---- */
/* True for a program that an exec leaves the ambient capabilities to. @see capabilities(7) */
bool keeps_ambient_rights(const char *path);
/*
 * Moves the process into a new user namespace while its maps are written by a child, which holds what this process has locked, and
 * confirms the holder entry. All capabilities are ambient then. False with `refusal` filled: the process stands outside as before.
 */
bool userns_create_later(const struct idmap *plan, int holder_fd, struct maps_later *later, struct refusal *refusal);

/* ---- ahead.c ---- */
/* A container's layers that are being made while Node starts. */
struct layers_ahead {
  char *root; /* of the store */
  char id[65]; /* the container's */
  pid_t pid; /* who makes them: a child of ours */
  int lock_fd; /* of their folder in layerdb/mounts; closed on exec */
};
/* Begins to make them, in the user's store. False where there is none, or where it can't be told: nothing was begun. Does not wait. */
bool layers_ahead(int argc, char *const *argv, struct layers_ahead *ahead);

/* ---- mount-namespace.c ---- */
enum cgroup_view { CGROUP_NONE, CGROUP_V2, CGROUP_PRIVATE };
/* A private mount namespace (propagation: slave), with cgroup2 on /sys/fs/cgroup on hosts that have another tree there. */
bool mount_namespace_enter(enum cgroup_view *cgroup, struct refusal *refusal);
/* For a worker: nothing propagates either way. Ends the program on failure. */
void mount_namespace_isolate(void);
/* The view without entering anything: what is on /sys/fs/cgroup. */
enum cgroup_view cgroup_view(void);

/* ---- cause.c: what the user is told ---- */
/* For a failed clone or unshare with CLONE_NEWUSER, or a mount namespace refused inside it. */
void refuse_userns(struct refusal *refusal, int error, const char *operation);
/* For a newuidmap or newgidmap that is missing or failed; `said` is its stderr. */
void refuse_idmap(struct refusal *refusal, const char *program, const char *path, const char *said);
/* The hint that gives a user subordinate ids. */
char *hint_subordinate_ids(uid_t uid);

/* ---- search.c ---- */
/* Absolute path of a program on $PATH, else in the system's folders; NULL where missing. The caller frees. */
char *find_program(const char *name);
/* The target of /proc/self/exe. Ends the program where /proc is missing. The caller frees. */
char *own_path(void);
/* Reads a small file to a string; NULL with errno. The caller frees. */
char *read_file(const char *path);
/* First number of a file, or `otherwise` where it can't be read. */
long read_number(const char *path, long otherwise);
