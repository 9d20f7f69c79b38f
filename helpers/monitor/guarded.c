#define _GNU_SOURCE
#include "guarded.h"

#include <fcntl.h>
#include <unistd.h>

#include "cleanup.h"
#include "mount-calls.h"

int guarded_open(const char *path)
{
  _cleanup_fd_ int tree = (int)syscall(SYS_open_tree, AT_FDCWD, path, TREE_CLONE | TREE_CLOEXEC);
  struct mount_attributes attributes = {.set = ATTRIBUTE_READ_ONLY};
  if (tree < 0 || syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) < 0)
    return -1;
  return take_fd(&tree);
}
