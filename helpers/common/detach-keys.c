#include "detach-keys.h"

#include <string.h>

static int hex_digit(char digit)
{
  const char *digits = "0123456789abcdef";
  const char *at = digit ? strchr(digits, digit | 0x20) : NULL;
  return at ? (int)(at - digits) : -1;
}

bool detach_keys_parse(struct detach_keys *keys, const char *hex)
{
  size_t length = strlen(hex);
  if (length % 2 || length / 2 > DETACH_KEYS_MAX)
    return false;
  for (size_t i = 0; i < length; i += 2) {
    int high = hex_digit(hex[i]);
    int low = hex_digit(hex[i + 1]);
    if (high < 0 || low < 0)
      return false;
    keys->keys[i / 2] = (unsigned char)(high << 4 | low);
  }
  keys->length = length / 2;
  keys->matched = 0;
  return true;
}

/* After a mismatch: the longest end of what was held back that is still a beginning of the sequence stays held back. */
static size_t release(struct detach_keys *keys, unsigned char *out)
{
  size_t shift = 1;
  while (shift < keys->matched && memcmp(keys->keys, keys->keys + shift, keys->matched - shift) != 0)
    shift++;
  memcpy(out, keys->keys, shift);
  keys->matched -= shift;
  return shift;
}

bool detach_keys_filter(struct detach_keys *keys, const unsigned char *in, size_t length, unsigned char *out, size_t *sent)
{
  *sent = 0;
  for (size_t i = 0; i < length; i++) {
    while (keys->matched > 0 && keys->keys[keys->matched] != in[i])
      *sent += release(keys, out + *sent);
    if (keys->length > 0 && keys->keys[keys->matched] == in[i])
      keys->matched++;
    else
      out[(*sent)++] = in[i];
    if (keys->length > 0 && keys->matched == keys->length)
      return true;
  }
  return false;
}
