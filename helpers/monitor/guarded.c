#define _GNU_SOURCE
#include "guarded.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "mount-calls.h"

static bool is_crun(const char *path)
{
  const char *slash = strrchr(path, '/');
  return strcmp(slash ? slash + 1 : path, "crun") == 0;
}

static bool is_binary(const char *path)
{
  char magic[4];
  _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  return fd >= 0 && RETRY_EINTR(read(fd, magic, sizeof magic)) == sizeof magic && memcmp(magic, "\177ELF", sizeof magic) == 0;
}

int guarded_open(const char *path)
{
  if (!is_crun(path) || !is_binary(path))
    return -1;
  _cleanup_fd_ int tree = (int)syscall(SYS_open_tree, AT_FDCWD, path, TREE_CLONE | TREE_CLOEXEC);
  struct mount_attributes attributes = {.set = ATTRIBUTE_READ_ONLY};
  if (tree < 0 || syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) < 0)
    return -1;
  return take_fd(&tree);
}
