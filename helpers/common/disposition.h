/* Dispositions of signals, all of them. */
#pragma once
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * What the signal does is the default again. By the kernel's own call: sigaction(3) refuses the two that the C library keeps for its threads
 * (32 and 33), and whoever ignores all that there are hands these down, too. SIGKILL and SIGSTOP are never anything else.
 */
static inline void disposition_reset(int number)
{
  /* A struct sigaction of the kernel's: no handler, no flags, no mask. At least as long as that of any architecture. */
  static const unsigned long normal[8];
  (void)syscall(SYS_rt_sigaction, number, normal, NULL, (size_t)_NSIG / 8); /* fails for numbers only that are no signal's, or never change */
}
