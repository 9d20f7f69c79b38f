#define _GNU_SOURCE
#include "die.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is not freed is the kernel's to take back; nothing that waits for a normal end (a leak checker) has a say here. */
__attribute__((noreturn)) static void end(int code)
{
  (void)fflush(NULL); /* we are failing already */
  _exit(code);
}

/* As src/cli/report.ts: whichever part of skiff fails, it is skiff to its user. */
__attribute__((format(printf, 1, 0))) static void tell(const char *format, va_list arguments)
{
  (void)fputs("Error: ", stderr);
  (void)vfprintf(stderr, format, arguments);
  (void)fputc('\n', stderr);
}

void say_error(const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  tell(format, arguments);
  va_end(arguments);
}

void die(const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  tell(format, arguments);
  va_end(arguments);
  end(EXIT_SKIFF_FAILED);
}

void die_errno(const char *operation, const char *argument)
{
  int saved = errno;
  if (argument)
    die("%s \"%s\": %s", operation, argument, strerror(saved));
  die("%s: %s", operation, strerror(saved));
}

void *must_alloc(void *pointer)
{
  if (!pointer)
    die("out of memory");
  return pointer;
}

char *must_format(const char *format, ...)
{
  va_list arguments;
  char *text = NULL;
  va_start(arguments, format);
  int length = vasprintf(&text, format, arguments);
  va_end(arguments);
  if (length < 0)
    die("out of memory");
  return text;
}
