#include "warn.h"

#include <stdio.h>
#include <string.h>

void warn(const char *operation, const char *argument, int error)
{
  (void)fprintf(stderr, "skiff-monitor: %s \"%s\": %s\n", operation, argument, strerror(error));
}
