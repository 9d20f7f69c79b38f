#define _GNU_SOURCE
#include "launcher.h"

#include "cleanup.h"
#include "die.h"

#include <dlfcn.h>
#include <pwd.h>
#include <string.h>

/* Ids are 32 bits wide and the last one means "none". @see user_namespaces(7) */
static const unsigned long ID_LIMIT = 0xffffffffUL;

static void append(struct id_ranges *ranges, unsigned long start, unsigned long count)
{
  if (count == 0 || start >= ID_LIMIT)
    return;
  if (count > ID_LIMIT - start)
    count = ID_LIMIT - start;
  ranges->items = must_alloc(reallocarray(ranges->items, ranges->length + 1, sizeof *ranges->items));
  ranges->items[ranges->length++] = (struct id_range){start, count};
}

/* Reads digits up to `end_character` (0: end of line). */
static bool read_id(const char **at, char end_character, unsigned long *value)
{
  const char *text = *at;
  unsigned long result = 0;
  if (*text < '0' || *text > '9')
    return false;
  for (; *text >= '0' && *text <= '9'; text++) {
    result = result * 10 + (unsigned long)(*text - '0');
    if (result > ID_LIMIT)
      return false;
  }
  if (end_character ? *text++ != end_character : *text != '\0' && *text != '\n' && *text != ' ' && *text != '\t')
    return false;
  *at = text;
  *value = result;
  return true;
}

void parse_subid(struct id_ranges *ranges, const char *text, const char *user, uid_t uid)
{
  char number[16];
  (void)snprintf(number, sizeof number, "%u", uid);
  for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
    size_t length = strcspn(line, ":\n");
    if (line[length] != ':')
      continue;
    bool by_name = user && strlen(user) == length && memcmp(line, user, length) == 0;
    bool by_number = strlen(number) == length && memcmp(line, number, length) == 0;
    const char *at = line + length + 1;
    unsigned long start, count;
    if ((by_name || by_number) && read_id(&at, ':', &start) && read_id(&at, '\0', &count))
      append(ranges, start, count);
  }
}

/* True where nsswitch.conf has a line "subid:" that names anything but files. */
static bool has_other_source(void)
{
  _cleanup_free_ char *text = read_file("/etc/nsswitch.conf");
  for (char *line = text; line && *line; line += strcspn(line, "\n"), line += *line == '\n') {
    if (strncmp(line, "subid:", 6) != 0)
      continue;
    size_t length = strcspn(line, "\n");
    _cleanup_free_ char *sources = must_alloc(strndup(line + 6, length - 6));
    char *rest = NULL;
    for (char *word = strtok_r(sources, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest))
      if (strcmp(word, "files") != 0)
        return true;
    return false;
  }
  return false;
}

/* libsubid's struct subid_range (shadow/subid.h), the same in all its versions. */
struct subid_range {
  unsigned long start, count;
};
typedef int (*get_ranges)(const char *owner, struct subid_range **ranges);

/* Asks libsubid, which asks NSS. False where the library is missing. @see getsubids(1) */
static bool ask_library(struct id_ranges *ranges, enum id_kind kind, const char *user)
{
  static const char *const names[] = {"libsubid.so.5", "libsubid.so.4", "libsubid.so.3"};
  void *library = NULL;
  for (size_t i = 0; i < ARRAY_LENGTH(names) && !library; i++)
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return false;
  /* POSIX lets a pointer from dlsym become a function pointer; ISO C does not, hence the union. */
  union {
    void *object;
    get_ranges function;
  } symbol = {dlsym(library, kind == ID_USER ? "subid_get_uid_ranges" : "subid_get_gid_ranges")};
  if (!symbol.object)
    symbol.object = dlsym(library, kind == ID_USER ? "get_subuid_ranges" : "get_subgid_ranges"); /* shadow 4.9 */
  if (!symbol.object)
    return false;
  struct subid_range *found = NULL;
  int count = symbol.function(user, &found);
  for (int i = 0; i < count; i++)
    append(ranges, found[i].start, found[i].count);
  free(found);
  return true; /* the library stays loaded: NSS modules do not like to be unloaded, and we exec soon */
}

/* Takes ids out of the ranges that are mapped already: `own`, and what an earlier range has. The kernel refuses overlaps (EINVAL). */
static struct id_ranges without_overlaps(const struct id_ranges *given, unsigned long own)
{
  struct id_ranges result = {0};
  for (size_t i = 0; i < given->length; i++) {
    unsigned long start = given->items[i].start, end = start + given->items[i].count;
    bool overlaps = false;
    for (size_t j = 0; j < result.length; j++)
      overlaps = overlaps || (start < result.items[j].start + result.items[j].count && result.items[j].start < end);
    if (overlaps)
      continue;
    if (own >= start && own < end) {
      append(&result, start, own - start);
      append(&result, own + 1, end - own - 1);
    } else {
      append(&result, start, end - start);
    }
  }
  return result;
}

struct id_ranges subordinate_ranges(enum id_kind kind, const char *user, uid_t uid, unsigned long own)
{
  struct id_ranges found = {0};
  if (!user || !has_other_source() || !ask_library(&found, kind, user)) {
    _cleanup_free_ char *text = read_file(kind == ID_USER ? "/etc/subuid" : "/etc/subgid");
    if (text)
      parse_subid(&found, text, user, uid);
  }
  struct id_ranges result = without_overlaps(&found, own);
  free(found.items);
  return result;
}

char *user_name(uid_t uid)
{
  /* The file first: loading NSS modules costs more than the rest of the launcher, and most users are local. */
  _cleanup_free_ char *text = read_file("/etc/passwd");
  for (const char *line = text; line && *line; line += strcspn(line, "\n"), line += *line == '\n') {
    size_t length = strcspn(line, ":\n");
    const char *at = line + length;
    if (*at != ':' || length == 0)
      continue;
    at += 1 + strcspn(at + 1, ":\n");
    unsigned long id;
    if (*at++ == ':' && read_id(&at, ':', &id) && id == uid)
      return must_alloc(strndup(line, length));
  }
  const struct passwd *entry = getpwuid(uid);
  return entry ? must_format("%s", entry->pw_name) : NULL;
}
