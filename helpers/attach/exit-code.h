/* The container's exit code, from the monitor's last packet or from the record it left. */
#pragma once
#include <sys/stat.h>

/* "exitCode" of an exit record (JSON, ended by a NUL); -1 where there is none. */
int exit_code_of(const char *json);

/* As it was before: a record that is there already belongs to an earlier run. Zeroed where there is none. */
void exit_file_look(const char *path, struct stat *before);

/* The code in `path` if it has been written since exit_file_look; else -1. */
int exit_file_code(const char *path, const struct stat *before);
