#define _GNU_SOURCE
#include "launcher.h"

#include "cleanup.h"
#include "die.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static bool is_program(const char *path)
{
  struct stat status;
  return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

static char *find_in(const char *folders, const char *name)
{
  while (*folders) {
    size_t length = strcspn(folders, ":");
    /* Relative folders, the empty one too, are left out: what runs must not depend on where the user stands. */
    if (length > 0 && folders[0] == '/') {
      _cleanup_free_ char *path = must_format("%.*s/%s", (int)length, folders, name);
      if (is_program(path))
        return take_pointer(path);
    }
    folders += length + (folders[length] == ':');
  }
  return NULL;
}

char *find_program(const char *name)
{
  const char *given = getenv("PATH");
  char *path = given ? find_in(given, name) : NULL;
  /* The PATH of cron and of minimal services may lack some of these (src/host/find-program.ts has the same list). */
  return path ? path : find_in("/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin", name);
}

char *own_path(void)
{
  char path[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length < 0)
    die_errno("readlink", "/proc/self/exe");
  path[length] = '\0';
  return must_format("%s", path);
}

char *read_file(const char *path)
{
  _cleanup_file_ FILE *file = fopen(path, "re");
  if (!file)
    return NULL;
  size_t length = 0, room = 4096;
  _cleanup_free_ char *text = must_alloc(malloc(room));
  for (;;) {
    length += fread(text + length, 1, room - length - 1, file);
    if (length + 1 < room)
      break;
    room *= 2;
    text = must_alloc(realloc(text, room));
  }
  if (ferror(file))
    return NULL;
  text[length] = '\0';
  return take_pointer(text);
}

long read_number(const char *path, long otherwise)
{
  _cleanup_free_ char *text = read_file(path);
  char *end = NULL;
  long value = text ? strtol(text, &end, 10) : otherwise;
  return text && end == text ? otherwise : value;
}
