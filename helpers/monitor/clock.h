/* Times as text. */
#pragma once
#include <stdbool.h>
#include <time.h>

/* "2026-11-22T07:18:05.123456789Z" and the NUL. */
#define TIME_TEXT 31

/*
 * Now, in UTC, as RFC 3339 with nine digits of nanoseconds. With `trimmed`, zeros at the end of the fraction are left out (and
 * the point with them), as Go's RFC3339Nano does in Docker's logs.
 */
void clock_text(char text[TIME_TEXT], bool trimmed);

/* Milliseconds since some fixed moment; goes on while the machine sleeps. */
long long clock_ms(void);
