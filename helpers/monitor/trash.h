/*
 * What `run --rm` takes away at the end, in two steps: set aside, by which it is gone for everyone, and removed, which nobody need wait
 * for. Freeing a container's files takes as long as the disk wants; renaming them does not.
 */
#pragma once
#include <limits.h>

struct options;

struct trash {
  int lock;            /* the store's, shared, from the first rename to the end: no sweep takes it for a leftover; -1: none */
  char path[PATH_MAX]; /* the folder that has all of it: the first of --remove, renamed; "": nothing to remove */
};

/*
 * Renames the first of --remove to "….removing", which is the moment at which the container is gone, and the others into it, in their
 * order. What can't be renamed is removed in its place. A cut leaves the one name that the store's sweep knows. Removes --id-file as well.
 */
void trash_set_aside(struct trash *trash, const struct options *options);

/* Removes it and lets go of the lock. Idempotent. */
void trash_remove(struct trash *trash);
