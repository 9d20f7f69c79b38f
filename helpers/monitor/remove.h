/* Removing trees that a container has written: any depth, any name, no link followed, no mount entered. */
#pragma once

/*
 * Removes what `path` names, with all in it. What is mounted on or in it is detached, not emptied.
 * Missing is fine. Goes on after a failure; returns 0 or the first errno. Memory and descriptors are bounded.
 */
int remove_tree(const char *path);

/* Removes what is in `directory`, but `except` (may be NULL). */
int remove_content(int directory, const char *except);
