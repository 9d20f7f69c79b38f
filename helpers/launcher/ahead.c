/*
 * The layers of the container that `run` or `create` is about to make, made while Node starts: thirty files and folders of which only three
 * depend on the image. src/storage/ahead.ts takes them over, or removes them where the command comes to nothing.
 *
 *   launcher   chooses the container's id, makes layerdb/mounts/<id> and locks that folder, forks the maker, goes on to Node, which inherits the lock
 *   maker      (outside of the namespace, as the user, who is root in there) makes what container-layers.ts tells, and ends: 0 where all is there
 *   Node       waits for the maker when it comes to the layers; what a maker that failed has left is removed, and made by Node itself
 *
 * That folder is the sign by which the sweep finds what killed commands leave (src/storage/cut-signs.ts): it is let alone while it is locked, and
 * has its name only once it is. Where there is no container yet, or --root names the store, nothing is made.
 */
#define _GNU_SOURCE
#include "launcher.h"

#include "cleanup.h"
#include "die.h"
#include "../mount-points.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

enum { ID_BYTES = 32, LINK_LENGTH = 26 };
static const char id_digits[] = "0123456789abcdef", link_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* As src/host/config/index.ts has it; NULL where Node has to decide. The caller frees. */
static char *store_root(int argc, char *const *argv)
{
  static const char option[] = "--root";
  for (int i = 1; i < argc; i++)
    if (strncmp(argv[i], option, sizeof option - 1) == 0)
      return NULL; /* or a word of the contained command's: then Node makes the layers */
  const char *own = getenv("SKIFF_ROOT"), *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
  if (own && *own)
    return *own == '/' ? must_format("%s", own) : NULL;
  if (data && *data == '/')
    return must_format("%s/skiff", data);
  return home && *home == '/' ? must_format("%s/.local/share/skiff", home) : NULL;
}

static bool random_bytes(unsigned char *bytes, size_t count)
{
  return getrandom(bytes, count, GRND_NONBLOCK) == (ssize_t)count;
}

/* 64 hex digits, not all of the first twelve decimal (src/container/fresh-ids.ts). */
static bool choose_id(char *id)
{
  unsigned char bytes[ID_BYTES];
  do {
    if (!random_bytes(bytes, sizeof bytes))
      return false;
    for (size_t i = 0; i < sizeof bytes; i++) {
      id[2 * i] = id_digits[bytes[i] >> 4];
      id[2 * i + 1] = id_digits[bytes[i] & 15];
    }
    id[2 * ID_BYTES] = '\0';
  } while (strspn(id, "0123456789") >= 12);
  return true;
}

static bool make_file(int folder, const char *name, mode_t mode, const char *text)
{
  size_t length = strlen(text);
  _cleanup_fd_ int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  return fd >= 0 && (length == 0 || RETRY_EINTR(write(fd, text, length)) == (ssize_t)length);
}

static int open_folder(int parent, const char *name)
{
  return openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int make_folder(int parent, const char *name, mode_t mode)
{
  return mkdirat(parent, name, mode) == 0 ? open_folder(parent, name) : -1;
}

/* A new folder layerdb/mounts/<id>, locked; -1 where it can't be had. */
static int claim_mount(int root, const char *id)
{
  _cleanup_free_ char *unlocked = must_format("%s.new", id);
  _cleanup_fd_ int mounts = open_folder(root, "image/overlay2/layerdb/mounts");
  if (mounts < 0 || mkdirat(mounts, unlocked, 0755) != 0)
    return -1;
  _cleanup_fd_ int folder = openat(mounts, unlocked, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder >= 0 && flock(folder, LOCK_EX | LOCK_NB) == 0 && renameat(mounts, unlocked, mounts, id) == 0)
    return take_fd(&folder);
  (void)unlinkat(mounts, unlocked, AT_REMOVEDIR); /* what stays is for the sweep */
  return -1;
}

/* The image's layer is not known yet, so `parent` says that there is none. */
static bool make_mount_files(int folder, const char *id)
{
  _cleanup_free_ char *init = must_format("%s-init", id);
  return make_file(folder, "mount-id", 0644, id) && make_file(folder, "init-id", 0644, init) && make_file(folder, "parent", 0644, "");
}

static bool make_short_name(int overlay, int layer, const char *name)
{
  unsigned char bytes[LINK_LENGTH];
  char link[LINK_LENGTH + 1] = "";
  if (!random_bytes(bytes, sizeof bytes))
    return false;
  for (size_t i = 0; i < LINK_LENGTH; i++)
    link[i] = link_letters[bytes[i] & 31];
  _cleanup_free_ char *target = must_format("../%s/diff", name);
  _cleanup_free_ char *path = must_format("l/%s", link);
  /* In this order: of a file without its link something tells, of a link without its file nothing would. */
  return make_file(layer, "link", 0644, link) && symlinkat(target, overlay, path) == 0;
}

static bool make_mount_points(int diff)
{
  enum { MODE = 0755 };
  for (size_t i = 0; i < ARRAY_LENGTH(mount_points); i++) {
    const struct mount_point *point = &mount_points[i];
    bool made = false;
    switch (point->kind) {
    case POINT_FOLDER: made = mkdirat(diff, point->path, MODE) == 0; break;
    case POINT_FILE: made = make_file(diff, point->path, MODE, ""); break;
    case POINT_LINK: made = symlinkat(point->target, diff, point->path) == 0; break;
    }
    if (!made)
      return false;
  }
  return true;
}

/* overlay2/<name>: of the init layer with what is in it, else of the container's own. `lower` is Node's to write. */
static bool make_layer(int overlay, const char *name, bool is_init)
{
  _cleanup_fd_ int layer = make_folder(overlay, name, 0710);
  _cleanup_fd_ int diff = layer < 0 ? -1 : make_folder(layer, "diff", 0755);
  if (diff < 0 || !make_short_name(overlay, layer, name) || mkdirat(layer, "work", 0700) != 0 || !make_file(layer, "lower", 0644, ""))
    return false;
  return is_init ? make_mount_points(diff) && make_file(layer, "committed", 0600, "") : mkdirat(layer, "merged", 0700) == 0;
}

static bool make_layers(int root, int mount, const char *id)
{
  _cleanup_free_ char *init = must_format("%s-init", id);
  _cleanup_fd_ int overlay = open_folder(root, "overlay2");
  return overlay >= 0 && make_mount_files(mount, id) && make_layer(overlay, init, true) && make_layer(overlay, id, false);
}

bool layers_ahead(int argc, char *const *argv, struct layers_ahead *ahead)
{
  *ahead = (struct layers_ahead){.root = store_root(argc, argv), .lock_fd = -1};
  _cleanup_fd_ int root = ahead->root ? open(ahead->root, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
  _cleanup_fd_ int mount = root >= 0 && choose_id(ahead->id) ? claim_mount(root, ahead->id) : -1;
  if (mount < 0)
    return false;
  ahead->pid = fork();
  if (ahead->pid == 0) {
    /* Whoever reads what the command prints waits for its end, not for ours. */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
      (void)close(fd);
    _exit(make_layers(root, mount, ahead->id) ? EXIT_SUCCESS : EXIT_FAILURE);
  }
  ahead->lock_fd = ahead->pid < 0 ? -1 : take_fd(&mount);
  return ahead->pid > 0;
}
