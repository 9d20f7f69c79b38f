#include "launcher.h"

#include "cleanup.h"
#include "../verbs.h"

#include <string.h>

/* Longest path of words worth looking up; longer argv words can't be verbs. */
enum { MAX_PATH_TEXT = 128 };

static bool takes_value(const char *option)
{
  for (size_t i = 0; i < ARRAY_LENGTH(global_options_with_value); i++)
    if (strcmp(option, global_options_with_value[i]) == 0)
      return true;
  return false;
}

/* Index of the next word at or after `at` that is no global option; argc where there is none. */
static int next_word(int argc, char *const *argv, int at)
{
  for (; at < argc && argv[at][0] == '-'; at++) {
    if (strcmp(argv[at], "--") == 0)
      return at + 1 < argc ? at + 1 : argc;
    if (takes_value(argv[at]))
      at++; /* "--root DIR"; "--root=DIR" is one word */
  }
  return at < argc ? at : argc;
}

static bool appended(char *path, const char *word)
{
  size_t length = strlen(path), more = strlen(word);
  if (length + more + 2 > MAX_PATH_TEXT)
    return false;
  if (length > 0)
    path[length++] = ' ';
  memcpy(path + length, word, more + 1);
  return true;
}

unsigned verb_needs(int argc, char *const *argv)
{
  char path[MAX_PATH_TEXT] = "";
  int at = 0;
  for (;;) {
    at = next_word(argc, argv, at + 1);
    if (at >= argc || !appended(path, argv[at]))
      return 0;
    size_t length = strlen(path);
    const struct verb *verb = NULL;
    bool group = false;
    for (size_t i = 0; i < ARRAY_LENGTH(verbs); i++) {
      if (strcmp(verbs[i].path, path) == 0)
        verb = &verbs[i];
      else if (strncmp(verbs[i].path, path, length) == 0 && verbs[i].path[length] == ' ')
        group = true;
    }
    /* Only directly after the verb is --help certainly ours: further on it may be a value or the contained command's. */
    if (verb && at + 1 < argc && strcmp(argv[at + 1], "--help") == 0)
      return 0;
    if (verb && !group)
      return verb->needs;
    if (verb) {
      /* A verb that is a group too ("kube play", "kube play down"): the next word decides. */
      char longer[MAX_PATH_TEXT];
      (void)strcpy(longer, path); /* same size */
      int next = next_word(argc, argv, at + 1);
      bool goes_on = false;
      if (next < argc && appended(longer, argv[next]))
        for (size_t i = 0; i < ARRAY_LENGTH(verbs); i++)
          goes_on = goes_on || strcmp(verbs[i].path, longer) == 0;
      if (!goes_on)
        return verb->needs;
    } else if (!group) {
      return 0;
    }
  }
}
