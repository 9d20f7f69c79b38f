#include "clock.h"

#include <stdio.h>

void clock_text(char text[TIME_TEXT], bool trimmed)
{
  struct timespec now;
  struct tm utc;
  (void)clock_gettime(CLOCK_REALTIME, &now); /* can't fail for this clock */
  (void)gmtime_r(&now.tv_sec, &utc);         /* can't fail before the year 2^31 */
  size_t at = strftime(text, TIME_TEXT, "%Y-%m-%dT%H:%M:%S", &utc);
  long nanoseconds = now.tv_nsec;
  if (!(trimmed && nanoseconds == 0)) {
    text[at] = '.';
    for (int digit = 9; digit > 0; digit--, nanoseconds /= 10)
      text[at + (size_t)digit] = (char)('0' + nanoseconds % 10);
    at += 10;
    while (trimmed && text[at - 1] == '0')
      at--;
  }
  text[at] = 'Z';
  text[at + 1] = '\0';
}

long long clock_ms(void)
{
  struct timespec now;
  (void)clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}
