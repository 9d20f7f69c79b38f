/*
 * The OCI runtime's program as the container's processes may see it.
 *
 * A container's first process is the runtime until it becomes the program asked for, and whoever gets hold of its
 * /proc/<pid>/exe could write to the runtime's file (CVE-2019-5736). crun therefore starts itself a second time from a
 * read-only mount of its own file that is nowhere in the tree. It spares itself that where it finds that it runs from a
 * read-only mount already and its own word for it is in the environment: what it would make is then there, in a third of the
 * time, without a file in /tmp. @see crun 1.8, src/libcrun/cloned_binary.c: is_self_cloned()
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* By its name, and no script: of what is done with crun alone much would not work with one. */
bool runtime_is_crun(const char *path);

/*
 * A descriptor of such a mount of crun's program, closed on exec; it lasts as long as the descriptor or a process that runs from it. -1 for
 * another runtime, and where it can't be had (a kernel before 5.12): the program then does as it always does.
 */
int guarded_open(const char *path);

/* How it is run: by this path, and with one word more in the environment. */
enum { GUARDED_PATH_SIZE = 32 };
void guarded_path(int guarded, char path[GUARDED_PATH_SIZE]);

/* That environment, in `room` for as many pointers as guarded_room() says. */
size_t guarded_room(void);
void guarded_environment(char **room);
