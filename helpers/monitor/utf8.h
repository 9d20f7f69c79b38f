/* Telling text from bytes. */
#pragma once
#include <stddef.h>

/* Length of the valid UTF-8 character at `at`, which has `left` bytes; 0 where there is none. @see RFC 3629 section 4 */
static inline size_t utf8_length(const unsigned char *at, size_t left)
{
  unsigned char first = at[0];
  if (first < 0x80)
    return 1;
  size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || left < length)
    return 0;
  /* The second byte is narrower after four first bytes: no overlong forms, no surrogates, nothing over U+10FFFF. */
  unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (at[1] < low || at[1] > high)
    return 0;
  for (size_t i = 2; i < length; i++)
    if ((at[i] & 0xc0) != 0x80)
      return 0;
  return length;
}
