/* Reaching a monitor. */
#pragma once

/* A SOCK_SEQPACKET connection to the socket at `path`, of any length; close-on-exec. Ends the program (125) where that fails. */
int connect_to(const char *path);
