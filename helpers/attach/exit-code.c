#define _GNU_SOURCE
#include "exit-code.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"

int exit_code_of(const char *json)
{
  static const char key[] = "\"exitCode\":";
  const char *at = strstr(json, key);
  if (!at)
    return -1;
  at += sizeof key - 1;
  char *end = NULL;
  long code = strtol(at, &end, 10);
  return end == at || code < 0 || code > 255 ? -1 : (int)code;
}

void exit_file_look(const char *path, struct stat *before)
{
  if (stat(path, before) < 0)
    memset(before, 0, sizeof *before);
}

int exit_file_code(const char *path, const struct stat *before)
{
  char text[1024];
  struct stat now;
  _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0 || fstat(fd, &now) < 0)
    return -1;
  /* It is replaced by rename, so a new one has another inode, or at least another time. */
  if (now.st_ino == before->st_ino && now.st_mtim.tv_sec == before->st_mtim.tv_sec &&
      now.st_mtim.tv_nsec == before->st_mtim.tv_nsec)
    return -1;
  ssize_t count = RETRY_EINTR(read(fd, text, sizeof text - 1));
  if (count <= 0)
    return -1;
  text[count] = '\0';
  return exit_code_of(text);
}
