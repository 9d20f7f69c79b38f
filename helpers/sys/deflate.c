/*
 * Finding what repeats. Two tables remember where eight and four bytes were seen last; the longer match is tried first, and a
 * short one gives way to a long one that begins a byte later. Without a match the steps grow, so that noise is passed over.
 */
#include "deflate.h"
#include <endian.h>
#include <string.h>

#define LONGEST_MATCH 258
#define LEAST_LENGTH 3
/* A short match from further away costs more bits than its bytes do. */
#define SHORT_MATCH_REACH 8192
#define STEP_SHIFT 6
#define LARGEST_STEP 64

static uint64_t load64(const uint8_t *bytes)
{
	uint64_t value;
	memcpy(&value, bytes, sizeof value);
	return le64toh(value);
}

static uint32_t hash8(uint64_t value)
{
	return (uint32_t)(value * 0x9e3779b185ebca87u >> (64 - DEFLATE_HASH_BITS));
}

static uint32_t hash4(uint64_t value)
{
	return (uint32_t)value * 2654435761u >> (32 - DEFLATE_HASH_BITS);
}

static void remember(deflate_scratch *scratch, const uint8_t *bytes, size_t at)
{
	uint64_t here = load64(bytes + at);
	scratch->longs[hash8(here)] = scratch->shorts[hash4(here)] = (uint32_t)at + 1;
}

/* Whether a table's entry is a place that a match at `at` can be copied from. */
static int reachable(uint32_t entry, size_t at)
{
	return entry != 0 && at + 1 - entry <= DEFLATE_WINDOW;
}

/* How far the bytes at `at` go on like those at `match`, which is before. */
static size_t common_length(const uint8_t *bytes, size_t match, size_t at, size_t limit)
{
	size_t start = at;
	for (; at + 8 <= limit; at += 8, match += 8) {
		uint64_t differ = load64(bytes + at) ^ load64(bytes + match);
		if (differ != 0)
			return at - start + (size_t)__builtin_ctzll(differ) / 8;
	}
	while (at < limit && bytes[at] == bytes[match])
		at++, match++;
	return at - start;
}

static deflate_sequence *tell_match(deflate_sequence *next, size_t literals, size_t length, size_t distance)
{
	while (length > 0) {
		size_t piece = length <= LONGEST_MATCH ? length : length - LONGEST_MATCH < LEAST_LENGTH ? LONGEST_MATCH - LEAST_LENGTH : LONGEST_MATCH;
		*next++ = (deflate_sequence){(uint16_t)literals, (uint16_t)piece, (uint16_t)(distance - 1)};
		literals = 0;
		length -= piece;
	}
	return next;
}

/* Of one block: no match reaches beyond it. */
static void find_sequences(deflate_scratch *scratch, const uint8_t *bytes, size_t from, size_t end)
{
	deflate_sequence *next = scratch->sequences;
	size_t at = from, told = from;
	while (at + 9 <= end) {
		uint64_t here = load64(bytes + at);
		uint32_t *far_slot = &scratch->longs[hash8(here)], *near_slot = &scratch->shorts[hash4(here)];
		uint32_t far = *far_slot, near = *near_slot;
		size_t match, length;
		*far_slot = *near_slot = (uint32_t)at + 1;
		if (reachable(far, at) && load64(bytes + far - 1) == here) {
			match = far - 1;
			length = 8 + common_length(bytes, match + 8, at + 8, end);
		} else if (reachable(near, at) && (uint32_t)load64(bytes + near - 1) == (uint32_t)here) {
			match = near - 1;
			length = 4 + common_length(bytes, match + 4, at + 4, end);
			uint64_t following = load64(bytes + at + 1);
			uint32_t *slot = &scratch->longs[hash8(following)], later = *slot;
			if (length < 16 && reachable(later, at + 1) && load64(bytes + later - 1) == following) {
				size_t later_length = 8 + common_length(bytes, later + 7, at + 9, end);
				if (later_length > length) {
					at++;
					*slot = (uint32_t)at + 1;
					match = later - 1;
					length = later_length;
				}
			}
			if (length == DEFLATE_SHORTEST_MATCH && at - match > SHORT_MATCH_REACH) {
				at++;
				continue;
			}
		} else {
			size_t step = 1 + ((at - told) >> STEP_SHIFT);
			at += step < LARGEST_STEP ? step : LARGEST_STEP;
			continue;
		}
		while (at > told && match > 0 && bytes[at - 1] == bytes[match - 1])
			at--, match--, length++;
		next = tell_match(next, at - told, length, at - match);
		told = at + length;
		if (told + 8 <= end) {
			remember(scratch, bytes, at + 1);
			remember(scratch, bytes, told - 2);
		}
		at = told;
	}
	*next = (deflate_sequence){(uint16_t)(end - told), 0, 0};
}

size_t deflate_bound(size_t length)
{
	/* Stored blocks, the flush, and what the writer stores ahead. */
	return length + (length / DEFLATE_BLOCK + 2) * 6 + 16;
}

size_t deflate_chunk(deflate_scratch *scratch, const uint8_t *bytes, size_t from, size_t end, uint8_t *out)
{
	deflate_output output = {out, 0, 0};
	memset(scratch->longs, 0, sizeof scratch->longs);
	memset(scratch->shorts, 0, sizeof scratch->shorts);
	for (size_t at = from > DEFLATE_WINDOW ? from - DEFLATE_WINDOW : 0; at < from && at + 8 <= end; at++)
		remember(scratch, bytes, at);
	while (from < end) {
		size_t stop = end - from > DEFLATE_BLOCK ? from + DEFLATE_BLOCK : end;
		find_sequences(scratch, bytes, from, stop);
		deflate_write_block(&output, scratch->sequences, bytes, from, stop);
		from = stop;
	}
	deflate_write_stored(&output, bytes, 0);
	return (size_t)(output.at - out);
}
