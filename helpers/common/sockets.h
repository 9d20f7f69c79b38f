/* What the helpers that listen at a name in a run dir, and are sent descriptors, have in common. */
#pragma once
#include <sys/un.h>

/* A socket that doesn't block and listens at the address, which nobody but its owner may connect to. -1 with errno. */
int socket_listen(int type, const struct sockaddr_un *address, int backlog);

/*
 * The descriptor that the next message brings, closed on exec. -1 with errno: as recvmsg(2) has it with these flags; ECONNRESET where the
 * other side has closed; EPROTO for a message without one.
 */
int socket_receive_descriptor(int connection, int flags);
