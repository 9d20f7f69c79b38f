/* What is on record of a container's life: state.json and log-loss.json while it runs, the exit record after. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct monitor;

#define EXIT_RECORD_MAX 256

/* The exit record as JSON (without a newline); returns its length. `text` has EXIT_RECORD_MAX bytes. */
size_t exit_record_text(const struct monitor *monitor, char *text);

/*
 * Writes it to --exit-file, by rename; synced to the disk first unless the container's files are to be removed anyway. Where
 * that fails, to exit.json in the run dir. False where neither took it.
 */
bool exit_record_write(const struct monitor *monitor, bool *in_run_dir);

/*
 * state.json in the run dir, by rename: {"pid":N,"startedAt":"…","startTime":N}. startTime is field 22 of /proc/<pid>/stat: with
 * it a container that outlived its monitor can be told from a reused pid. 0, or -1 with errno.
 */
int state_write(const struct monitor *monitor);

#define LOSS_FILE "log-loss.json"

/*
 * log-loss.json in the run dir, which is no disk that fills up: {"since":"…","reason":"No space left on device"} while the log takes
 * nothing; taken away when it does again. Cheap where nothing has changed; one that can't be written is tried again at the next call.
 */
void loss_record(struct monitor *monitor);
