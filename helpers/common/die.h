/* The end of a helper that can't go on: "<program>: <operation> "<argument>": <errno text>" on stderr, exit code 125. */
#pragma once

/* Exit codes of skiff itself, as src/lib/errors.ts has them. */
enum { EXIT_SKIFF_FAILED = 125, EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_FOUND = 127 };

/* Prints the message and ends with 125. */
__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);

/* `operation "argument": text of errno`; argument may be NULL. Ends with 125. */
__attribute__((noreturn)) void die_errno(const char *operation, const char *argument);

/* For a failed execve: ends with 127 for ENOENT, else 126. */
__attribute__((noreturn)) void die_exec(const char *path);

/* malloc and friends that end the program instead of returning NULL. Not for the monitor's loop. */
void *must_alloc(void *pointer);
__attribute__((format(printf, 1, 2))) char *must_format(const char *format, ...);
