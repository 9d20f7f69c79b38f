/*
 * The attach protocol of a container's monitor: first bytes and flags of packets. src/runtime/index.ts tells the protocol
 * and holds the same values; test/unit/runtime/protocol.test.ts compares the two.
 */
#pragma once

enum {
  /* client -> monitor */
  PACKET_HELLO = 'h',
  PACKET_STDIN = 'i',
  PACKET_STDIN_END = 'e',
  PACKET_RESIZE = 'w',
  PACKET_KILL = 'k',
  PACKET_KILL_ALL = 'K',
  /* monitor -> client */
  PACKET_READY = 'r',
  PACKET_STDOUT = '1',
  PACKET_STDERR = '2',
  PACKET_CREDIT = 'c',
  PACKET_ANSWER = 'a',
  PACKET_EXIT = 'x',
};

enum {
  HELLO_STDIN = 1,
  HELLO_STDOUT = 2,
  HELLO_STDERR = 4,
  HELLO_EXIT = 8,
};

/* Largest packet in either direction, type byte included. */
#define PACKET_MAX 32768
