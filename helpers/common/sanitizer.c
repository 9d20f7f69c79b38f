/*
 * For builds with the address sanitizer only. No leak check at the end: the helpers end or become another program while they
 * still use what they have, and that is no leak; growth while they run is measured by the tests.
 */
#if defined(__SANITIZE_ADDRESS__)
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
  return "detect_leaks=0";
}
#else
typedef int nothing_to_compile;
#endif
