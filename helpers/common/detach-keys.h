/* Finding the detach sequence in what the user types, also when it comes in pieces. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#define DETACH_KEYS_MAX 32

struct detach_keys {
  unsigned char keys[DETACH_KEYS_MAX];
  size_t length;  /* 0: none */
  size_t matched; /* bytes of the sequence seen, and held back */
};

/* From pairs of hex digits. False where it is none, or too long. */
bool detach_keys_parse(struct detach_keys *keys, const char *hex);

/*
 * Takes `length` typed bytes and writes what is to be sent on to `out` (room for length + DETACH_KEYS_MAX); *sent is how much.
 * True when the sequence is complete: nothing after it counts.
 */
bool detach_keys_filter(struct detach_keys *keys, const unsigned char *in, size_t length, unsigned char *out, size_t *sent);
