/* The status channel: one JSON object a line, from the monitor to the command that starts a container. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* False where the command has gone, or there is no channel (-1): there is no one to be told. */
bool status_created(int fd, pid_t pid);
bool status_started(int fd, pid_t pid, const char *started_at);
bool status_runtime_error(int fd, int exit_code, const char *said, size_t length);
bool status_error(int fd, const char *operation, const char *argument, int error);
