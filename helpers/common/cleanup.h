/* Resources that free themselves when their variable goes out of scope, and the few macros that go with them. */
#pragma once
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Repeats a system call that a signal interrupted. */
#define RETRY_EINTR(expression)                                                                                        \
  ({                                                                                                                   \
    __typeof__(expression) result_;                                                                                    \
    do                                                                                                                 \
      result_ = (expression);                                                                                          \
    while (result_ == -1 && errno == EINTR);                                                                           \
    result_;                                                                                                           \
  })

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* These keep errno: they run on the way out, after the call that failed. */
static inline void cleanup_fd(int *fd)
{
  int saved = errno;
  if (*fd >= 0)
    (void)close(*fd); /* nothing to be done about a failing close of a descriptor that is given up */
  errno = saved;
}
static inline void cleanup_free(void *pointer)
{
  int saved = errno;
  free(*(void **)pointer);
  errno = saved;
}
static inline void cleanup_dir(DIR **dir)
{
  int saved = errno;
  if (*dir)
    (void)closedir(*dir);
  errno = saved;
}
static inline void cleanup_file(FILE **file)
{
  int saved = errno;
  if (*file)
    (void)fclose(*file); /* only for files opened for reading */
  errno = saved;
}

#define _cleanup_fd_ __attribute__((cleanup(cleanup_fd)))
#define _cleanup_free_ __attribute__((cleanup(cleanup_free)))
#define _cleanup_dir_ __attribute__((cleanup(cleanup_dir)))
#define _cleanup_file_ __attribute__((cleanup(cleanup_file)))

/* Hands a descriptor over: the variable no longer closes it. */
static inline int take_fd(int *fd)
{
  int value = *fd;
  *fd = -1;
  return value;
}
/* Hands memory over. */
#define take_pointer(variable)                                                                                         \
  ({                                                                                                                   \
    __typeof__(variable) taken_ = (variable);                                                                          \
    (variable) = NULL;                                                                                                 \
    taken_;                                                                                                            \
  })
