/*
 * Whoever becomes another program leaves its memory behind, and the kernel takes milliseconds to clear away what Node has. An heir does
 * that beside the new program: a second process in the same memory, which lives until the exec has happened and is then the last to have it.
 */
#ifndef SKIFF_SYS_HEIR_H
#define SKIFF_SYS_HEIR_H

#include <sys/types.h>

/* Starts it. It has no descriptor but its own, takes no signal, and ends by itself: at the exec of this process or its end. 0: none. */
pid_t heir_start(void);
/* After an exec that failed: waits for its end. Once a descriptor of ours is closed there is nothing that could delay it. */
void heir_dismiss(pid_t pid);

#endif
