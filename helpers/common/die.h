/* The end of a helper that can't go on: "Error: <operation> "<argument>": <errno text>" on stderr, exit code 125. */
#pragma once

/* skiff's own exit code for a failure, as src/lib/errors.ts has it. */
enum { EXIT_SKIFF_FAILED = 125 };

/* Prints the message, for who has something left to do before his end. */
__attribute__((format(printf, 1, 2))) void say_error(const char *format, ...);

/* Prints the message and ends with 125. */
__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);

/* `operation "argument": text of errno`; argument may be NULL. Ends with 125. */
__attribute__((noreturn)) void die_errno(const char *operation, const char *argument);

/* malloc and friends that end the program instead of returning NULL. Not for the monitor's loop. */
void *must_alloc(void *pointer);
__attribute__((format(printf, 1, 2))) char *must_format(const char *format, ...);
