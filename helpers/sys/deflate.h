/*
 * A deflate compressor for whole chunks, made for speed: what zlib's quickest level gives takes it less than half the time, and
 * what can't be compressed is passed over quickly. Same bytes for the same input, whatever the machine. Knows no Node.
 */
#ifndef SKIFF_DEFLATE_H
#define SKIFF_DEFLATE_H

#include <stddef.h>
#include <stdint.h>

#define DEFLATE_WINDOW 32768
#define DEFLATE_HASH_BITS 15
/* Of input, a block: as much as a stored one can hold, so that each block can be one. */
#define DEFLATE_BLOCK 65535
#define DEFLATE_SHORTEST_MATCH 4

/* So many bytes as they are, then a match; a length of 0 ends a block. */
typedef struct { uint16_t literals, length, distance; } deflate_sequence;

/* What the compressor needs to work in; its content means nothing between two calls. */
typedef struct {
	/* By the hash of eight and of four bytes, the last position that had it, plus one; 0: none had. */
	uint32_t longs[1 << DEFLATE_HASH_BITS], shorts[1 << DEFLATE_HASH_BITS];
	/* A match longer than a code can tell is cut, into pieces of three bytes at least. */
	deflate_sequence sequences[DEFLATE_BLOCK / 3 + 2];
} deflate_scratch;

/* The most that deflate_chunk writes for `length` bytes. */
size_t deflate_bound(size_t length);

/*
 * Compresses bytes[from..end) into `out`, with what is before `from` as dictionary. No block is the last one; the output ends at
 * a byte's end with an empty stored block (a sync flush). Returns the number of bytes written.
 */
size_t deflate_chunk(deflate_scratch *scratch, const uint8_t *bytes, size_t from, size_t end, uint8_t *out);

/* deflate-codes.c: how a block's sequences are told in bits. */
typedef struct { uint8_t *at; uint64_t bits; unsigned count; } deflate_output;

/* Writes the block bytes[from..end) with these sequences: with codes of its own, or stored where that is not shorter. */
void deflate_write_block(deflate_output *out, const deflate_sequence *sequences, const uint8_t *bytes, size_t from, size_t end);
/* A stored block. */
void deflate_write_stored(deflate_output *out, const uint8_t *bytes, size_t length);

#endif
