/*
 * The runtime ahead of its bundle: with --await-bundle it is started while the command still mounts and writes, and comes up meanwhile. It
 * is told to read runtime.json instead of config.json, finds a FIFO, and waits in it for what the command has written when it says "bundle":
 *
 *   command                              monitor                              crun
 *     │ spawn                              │                                    │
 *     ├───────────────────────────────────►│ mkfifo runtime.json, start ───────►│ opens and reads runtime.json: waits
 *     │ mounts, writes config.json         │                                    │
 *     │ "bundle\n"                         │                                    │
 *     ├───────────────────────────────────►│ runtime.json becomes config.json,  │
 *     │                                    │ its bytes go into the FIFO ───────►│ reads on
 *
 * A runtime that is late finds the file by that name, and so does the second look that crun takes (it keeps a copy). Nobody else reads the
 * FIFO: its name is ours alone. The runtime ends with the monitor, so that none is left waiting.
 */
#pragma once
#include <stdbool.h>

struct monitor;

/* What the runtime is told of a container that is to be. */
struct birth {
  const char *console; /* NULL: no terminal */
  const char *pid_file;
  const char *config; /* NULL: the bundle's config.json */
  const int *stdio;
};

/*
 * Waits for the bundle, with the runtime started if it is one that this is known of. `started` tells whether it has been: else it is for
 * the caller to start. False where the command has gone, or we are told to end: nothing has been made, and no runtime is left.
 */
bool early_await(struct monitor *monitor, struct birth birth, bool *started);
