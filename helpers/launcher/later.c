/*
 * A new user namespace whose ids are mapped while Node starts: newuidmap and newgidmap take longer than anything else in here, and
 * Node's own start asks for no id and makes no file.
 *
 *   launcher   forks the mapper, unshares itself, tells it the inode of the namespace, goes on to Node
 *   mapper     (outside) runs the two programs, confirms the holder entry, reports, ends; holds userns.lock all the while
 *   Node       reads the report before the verb begins (src/host/userns/mapped-later.ts) and ends with the refusal, if it is one
 *
 * Nobody joins before the maps are there: the lock is the mapper's, and until it is confirmed the entry is empty, also after a kill -9.
 * Root's rights come from the uid at an exec, and there is no uid yet: ambient capabilities carry them into Node, which drops these.
 */
#define _GNU_SOURCE
#include "launcher.h"

#include "cleanup.h"
#include "die.h"
#include "holder.h"

#include <elf.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

bool keeps_ambient_rights(const char *path)
{
  char magic[SELFMAG];
  struct stat status;
  _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
  return fd >= 0 && fstat(fd, &status) == 0 && (status.st_mode & (S_ISUID | S_ISGID)) == 0 && fgetxattr(fd, "security.capability", NULL, 0) < 0 &&
         read(fd, magic, sizeof magic) == SELFMAG && memcmp(magic, ELFMAG, SELFMAG) == 0;
}

/* "+", or "-" and code, message and hint with a NUL behind each. What the reader does not get he takes for a death. */
static void report(int fd, const struct refusal *refusal)
{
  if (!refusal->code) {
    (void)RETRY_EINTR(write(fd, "+", 1));
    return;
  }
  char text[8192];
  int length = snprintf(text, sizeof text, "-%s%c%s%c%s", refusal->code, 0, refusal->message, 0, refusal->hint);
  (void)RETRY_EINTR(write(fd, text, length < (int)sizeof text ? (size_t)length + 1 : sizeof text));
}

__attribute__((noreturn)) static void be_mapper(const struct idmap *plan, pid_t target, int go, int report_fd, int holder_fd)
{
  struct refusal refusal = {0};
  ino_t inode;
  if (RETRY_EINTR(read(go, &inode, sizeof inode)) != (ssize_t)sizeof inode)
    _exit(0); /* there is no namespace, and its maker says why */
  if (idmap_write(plan, target, &refusal) && holder_confirm(holder_fd, inode) != 0)
    refuse(&refusal, "IO", must_format("register the user namespace: %s", strerror(errno)), must_format("make room in the runtime directory"));
  report(report_fd, &refusal);
  _exit(0);
}

/* All that the new namespace has given us, for the program after the next exec too. */
static void raise_ambient(void)
{
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &header, data) != 0)
    die_errno("capget", NULL);
  for (size_t i = 0; i < ARRAY_LENGTH(data); i++)
    data[i].inheritable = data[i].permitted;
  if (syscall(SYS_capset, &header, data) != 0)
    die_errno("capset", NULL);
  for (unsigned capability = 0; capability < 64; capability++)
    if ((data[capability / 32].permitted >> capability % 32 & 1) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) != 0)
      die_errno("prctl", "PR_CAP_AMBIENT_RAISE");
}

bool userns_create_later(const struct idmap *plan, int holder_fd, struct maps_later *later, struct refusal *refusal)
{
  int go[2], reports[2];
  pid_t self = getpid();
  if (pipe2(go, O_CLOEXEC) != 0 || pipe2(reports, O_CLOEXEC) != 0)
    die_errno("pipe", NULL);
  pid_t mapper = fork();
  if (mapper < 0)
    die_errno("fork", NULL);
  if (mapper == 0) {
    (void)close(go[1]), (void)close(reports[0]);
    be_mapper(plan, self, go[0], reports[1], holder_fd);
  }
  (void)close(go[0]), (void)close(reports[1]);
  _cleanup_fd_ int go_fd = go[1];
  if (unshare(CLONE_NEWUSER) != 0) {
    int error = errno, status;
    (void)close(reports[0]), (void)close(take_fd(&go_fd));
    wait_for_child(mapper, &status);
    refuse_userns(refusal, error, "create a user namespace");
    return false;
  }
  ino_t inode = namespace_inode("/proc/self/ns/user");
  if (RETRY_EINTR(write(go_fd, &inode, sizeof inode)) != (ssize_t)sizeof inode)
    die_errno("write", "pipe of the mapper");
  raise_ambient();
  *later = (struct maps_later){mapper, reports[0]};
  return true;
}
