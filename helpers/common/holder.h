/*
 * Holders: the record of who keeps the user's user namespace alive. There is no pause process: the namespace lives as long
 * as some skiff process is in it, and a new command finds it through any of them.
 *
 *   RUNTIME/holders/<pid>[-<n>]   content: inode of the user namespace, decimal, newline
 *   RUNTIME/userns.lock           flock EXCLUSIVE while a command looks for a holder, joins, creates or sweeps
 *
 * An entry is alive while an exclusive flock is held on it: the kernel drops that with the process, so a reused pid, a
 * zombie or a kill -9 can't fake a living holder. The inode guards against a pid that means another process here (a
 * container that shares the runtime directory but not the pid namespace).
 * Dead entries are removed by whoever searches, under userns.lock; a holder never removes its own.
 */
#pragma once
#include <sys/types.h>

/*
 * Registers the calling process as a holder of the user namespace it is in. `runtime_dir` is the user's runtime directory
 * (the parent of a container's --run-dir). Returns the descriptor that carries the lock, to be kept open for as long as the
 * process stays in the namespace (close-on-exec is set; the launcher clears it for Node), or -1 with errno.
 * Never blocks; needs no lock.
 */
int holder_register(const char *runtime_dir);

/* The first half of it: an entry that is locked and empty, which nobody joins. Works where no file can be made any more later on. */
int holder_reserve(const char *runtime_dir);
/* The second half, by whoever has the descriptor: from now on others may join. 0, or -1 with errno. */
int holder_confirm(int fd, ino_t inode);

/*
 * Opens the user namespace of a living holder (the descriptor is close-on-exec) or returns -1 with errno ENOENT where there
 * is none. Removes dead entries on the way. The caller holds userns.lock.
 */
int holder_find(const char *runtime_dir);

/* Inode of a namespace: path like "/proc/self/ns/user". 0 with errno on failure. */
ino_t namespace_inode(const char *path);
