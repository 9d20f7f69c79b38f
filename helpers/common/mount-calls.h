/* The mount calls of Linux 5.2 and 5.12: of linux/mount.h, which older headers lack and which clashes with sys/mount.h in newer ones. */
#pragma once
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>

#ifndef SYS_open_tree
#define SYS_open_tree 428
#endif
#ifndef SYS_move_mount
#define SYS_move_mount 429
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#define TREE_CLONE 1
#define TREE_CLOEXEC O_CLOEXEC
#define FROM_EMPTY_PATH 4
#define ATTRIBUTE_READ_ONLY 1

struct mount_attributes {
  uint64_t set, clear, propagation, userns_fd;
};
