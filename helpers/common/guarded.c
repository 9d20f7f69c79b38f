#define _GNU_SOURCE
#include "guarded.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "mount-calls.h"

bool runtime_is_crun(const char *path)
{
  const char *slash = strrchr(path, '/');
  char magic[4];
  if (strcmp(slash ? slash + 1 : path, "crun") != 0)
    return false;
  _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  return fd >= 0 && RETRY_EINTR(read(fd, magic, sizeof magic)) == sizeof magic && memcmp(magic, "\177ELF", sizeof magic) == 0;
}

int guarded_open(const char *path)
{
  if (!runtime_is_crun(path))
    return -1;
  _cleanup_fd_ int tree = (int)syscall(SYS_open_tree, AT_FDCWD, path, TREE_CLONE | TREE_CLOEXEC);
  struct mount_attributes attributes = {.set = ATTRIBUTE_READ_ONLY};
  if (tree < 0 || syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) < 0)
    return -1;
  return take_fd(&tree);
}

void guarded_path(int guarded, char path[GUARDED_PATH_SIZE])
{
  (void)snprintf(path, GUARDED_PATH_SIZE, "/proc/self/fd/%d", guarded);
}

static size_t own_words(void)
{
  size_t length = 0;
  while (environ[length])
    length++;
  return length;
}

size_t guarded_room(void)
{
  return own_words() + 2;
}

void guarded_environment(char **room)
{
  static char word[] = "_LIBCONTAINER_CLONED_BINARY=1";
  size_t length = own_words();
  memcpy(room, environ, length * sizeof *environ);
  room[length] = word;
  room[length + 1] = NULL;
}
