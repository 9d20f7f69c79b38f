/*
 * A deflate block in bits: counts, Huffman codes of limited length, and the choice between them and a stored block.
 *
 * See RFC 1951 section 3.2.
 */
#include "deflate.h"
#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SYMBOLS 286
#define DISTANCES 30
#define LENGTH_SYMBOLS 19
#define END_OF_BLOCK 256
#define LONGEST_CODE 15
#define LONGEST_LENGTH_CODE 7

typedef struct { uint32_t counts[SYMBOLS]; uint8_t lengths[SYMBOLS]; uint16_t codes[SYMBOLS]; } alphabet;
typedef struct { unsigned symbol, extra_bits, extra; } coded;

static unsigned log2_of(unsigned value)
{
	return 31 - (unsigned)__builtin_clz(value);
}

static coded length_code(unsigned length)
{
	unsigned value = length - 3;
	if (length == 258)
		return (coded){285, 0, 0};
	if (value < 8)
		return (coded){257 + value, 0, 0};
	unsigned bits = log2_of(value) - 2;
	return (coded){257 + 4 * bits + 4 + (value >> bits & 3), bits, value & ((1u << bits) - 1)};
}

/* `distance`: less one. */
static coded distance_code(unsigned distance)
{
	if (distance < 4)
		return (coded){distance, 0, 0};
	unsigned bits = log2_of(distance) - 1;
	return (coded){2 * bits + 2 + (distance >> bits & 1), bits, distance & ((1u << bits) - 1)};
}

static void put(deflate_output *out, uint64_t value, unsigned count)
{
	out->bits |= value << out->count;
	out->count += count;
}

/* After at most 56 bits. Stores eight bytes, of which the full ones count. */
static void flush(deflate_output *out)
{
	uint64_t bits = htole64(out->bits);
	memcpy(out->at, &bits, sizeof bits);
	out->at += out->count / 8;
	out->bits >>= out->count & ~7u;
	out->count &= 7;
}

void deflate_write_stored(deflate_output *out, const uint8_t *bytes, size_t length)
{
	put(out, 0, 3);
	out->count = (out->count + 7) & ~7u;
	put(out, length, 16);
	put(out, ~length & 0xffff, 16);
	flush(out);
	memcpy(out->at, bytes, length);
	out->at += length;
}

static int by_value(const void *a, const void *b)
{
	uint32_t one = *(const uint32_t *)a, two = *(const uint32_t *)b;
	return one < two ? -1 : one > two;
}

/*
 * From counts in ascending order to code lengths in descending order, in place.
 * See Moffat, Katajainen: In-Place Calculation of Minimum-Redundancy Codes.
 */
static void minimum_redundancy(uint32_t *values, int n)
{
	int root = 0, leaf = 2;
	values[0] += values[1];
	for (int next = 1; next < n - 1; next++) {
		uint32_t sum = 0;
		for (int child = 0; child < 2; child++) {
			if (leaf >= n || (root < next && values[root] < values[leaf])) {
				sum += values[root];
				values[root++] = (uint32_t)next;
			} else {
				sum += values[leaf++];
			}
		}
		values[next] = sum;
	}
	values[n - 2] = 0;
	for (int next = n - 3; next >= 0; next--)
		values[next] = values[values[next]] + 1;
	int available = 1, used = 0, depth = 0, next = n - 1;
	root = n - 2;
	while (available > 0) {
		while (root >= 0 && (int)values[root] == depth)
			used++, root--;
		while (available > used)
			values[next--] = (uint32_t)depth, available--;
		available = 2 * used;
		depth++;
		used = 0;
	}
}

/* Shortens what is longer than `limit`, and lengthens others until the codes have room again. */
static void limit_lengths(unsigned *per_length, unsigned limit)
{
	uint32_t room = 0;
	for (unsigned length = 1; length <= limit; length++)
		room += per_length[length] << (limit - length);
	while (room > 1u << limit) {
		unsigned length = limit - 1;
		while (per_length[length] == 0)
			length--;
		per_length[limit]--;
		per_length[length]--;
		per_length[length + 1] += 2;
		room--;
	}
}

/* Lengths and codes, with their bits in the order of the stream. At least two symbols get one: some readers insist. */
static void make_codes(alphabet *self, unsigned symbols, unsigned limit)
{
	uint32_t sorted[SYMBOLS], values[SYMBOLS] = {0};
	unsigned per_length[LONGEST_CODE + 1] = {0}, n = 0;
	for (unsigned symbol = 0; symbol < symbols; symbol++)
		if (self->counts[symbol] != 0)
			sorted[n++] = self->counts[symbol] << 9 | symbol;
	for (unsigned symbol = 0; n < 2; symbol++)
		if (self->counts[symbol] == 0)
			sorted[n++] = 1u << 9 | symbol;
	memset(self->lengths, 0, sizeof self->lengths);
	qsort(sorted, n, sizeof *sorted, by_value);
	for (unsigned i = 0; i < n; i++)
		values[i] = sorted[i] >> 9;
	minimum_redundancy(values, (int)n);
	for (unsigned i = 0; i < n; i++)
		per_length[values[i] < limit ? values[i] : limit]++;
	limit_lengths(per_length, limit);
	for (unsigned length = limit, i = 0; length > 0; length--)
		for (unsigned left = per_length[length]; left > 0; left--)
			self->lengths[sorted[i++] & 511] = (uint8_t)length;
	uint32_t next[LONGEST_CODE + 2] = {0};
	for (unsigned length = 1; length <= limit; length++)
		next[length + 1] = (next[length] + per_length[length]) << 1;
	for (unsigned symbol = 0; symbol < symbols; symbol++) {
		uint32_t reversed = 0, code = self->lengths[symbol] == 0 ? 0 : next[self->lengths[symbol]]++;
		for (unsigned bit = 0; bit < self->lengths[symbol]; bit++, code >>= 1)
			reversed = reversed << 1 | (code & 1);
		self->codes[symbol] = (uint16_t)reversed;
	}
}

/* Returns the bits that the matches need beside their codes. */
static uint64_t count_symbols(const deflate_sequence *sequence, const uint8_t *bytes, alphabet *symbols, alphabet *distances)
{
	uint64_t extra_bits = 0;
	memset(symbols->counts, 0, sizeof symbols->counts);
	memset(distances->counts, 0, sizeof distances->counts);
	symbols->counts[END_OF_BLOCK] = 1;
	for (;; sequence++) {
		for (const uint8_t *end = bytes + sequence->literals; bytes < end; bytes++)
			symbols->counts[*bytes]++;
		if (sequence->length == 0)
			return extra_bits;
		coded length = length_code(sequence->length), distance = distance_code(sequence->distance);
		symbols->counts[length.symbol]++;
		distances->counts[distance.symbol]++;
		extra_bits += length.extra_bits + distance.extra_bits;
		bytes += sequence->length;
	}
}

static uint64_t bits_of(const alphabet *self, unsigned symbols)
{
	uint64_t bits = 0;
	for (unsigned symbol = 0; symbol < symbols; symbol++)
		bits += (uint64_t)self->counts[symbol] * self->lengths[symbol];
	return bits;
}

/* The head of a block with codes of its own: the lengths of both alphabets, one after the other, runs folded. */
typedef struct {
	alphabet lengths;
	struct { uint8_t symbol, extra_bits, extra; } items[SYMBOLS + DISTANCES];
	unsigned count, symbols, distances, told;
	uint64_t bits;
} block_head;

static const uint8_t told_order[LENGTH_SYMBOLS] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

static void add_item(block_head *self, unsigned symbol, unsigned extra_bits, unsigned extra)
{
	self->items[self->count].symbol = (uint8_t)symbol;
	self->items[self->count].extra_bits = (uint8_t)extra_bits;
	self->items[self->count++].extra = (uint8_t)extra;
	self->lengths.counts[symbol]++;
	self->bits += extra_bits;
}

static void fold_run(block_head *self, unsigned length, unsigned run)
{
	if (length != 0) {
		add_item(self, length, 0, 0);
		run--;
	}
	while (run >= 3) {
		unsigned most = length != 0 ? 6 : run <= 10 ? 10 : 138, piece = run < most ? run : most;
		if (length != 0)
			add_item(self, 16, 2, piece - 3);
		else if (piece <= 10)
			add_item(self, 17, 3, piece - 3);
		else
			add_item(self, 18, 7, piece - 11);
		run -= piece;
	}
	for (; run > 0; run--)
		add_item(self, length, 0, 0);
}

static void make_head(block_head *self, const alphabet *symbols, const alphabet *distances)
{
	uint8_t all[SYMBOLS + DISTANCES];
	memset(self, 0, sizeof *self);
	for (self->symbols = SYMBOLS; symbols->lengths[self->symbols - 1] == 0;)
		self->symbols--;
	for (self->distances = DISTANCES; distances->lengths[self->distances - 1] == 0;)
		self->distances--;
	unsigned total = self->symbols + self->distances;
	memcpy(all, symbols->lengths, self->symbols);
	memcpy(all + self->symbols, distances->lengths, self->distances);
	for (unsigned from = 0, to; from < total; from = to) {
		for (to = from + 1; to < total && all[to] == all[from];)
			to++;
		fold_run(self, all[from], to - from);
	}
	make_codes(&self->lengths, LENGTH_SYMBOLS, LONGEST_LENGTH_CODE);
	for (self->told = LENGTH_SYMBOLS; self->lengths.lengths[told_order[self->told - 1]] == 0;)
		self->told--;
	self->bits += 3 + 5 + 5 + 4 + 3 * self->told;
	for (unsigned i = 0; i < self->count; i++)
		self->bits += self->lengths.lengths[self->items[i].symbol];
}

static void write_head(deflate_output *out, const block_head *self)
{
	put(out, 2u << 1, 3);
	put(out, self->symbols - 257, 5);
	put(out, self->distances - 1, 5);
	put(out, self->told - 4, 4);
	flush(out);
	for (unsigned i = 0; i < self->told; i++) {
		put(out, self->lengths.lengths[told_order[i]], 3);
		flush(out);
	}
	for (unsigned i = 0; i < self->count; i++) {
		put(out, self->lengths.codes[self->items[i].symbol], self->lengths.lengths[self->items[i].symbol]);
		put(out, self->items[i].extra, self->items[i].extra_bits);
		flush(out);
	}
}

static void put_symbol(deflate_output *out, const alphabet *from, unsigned symbol)
{
	put(out, from->codes[symbol], from->lengths[symbol]);
}

static void write_sequences(deflate_output *to, const deflate_sequence *sequence, const uint8_t *bytes, const alphabet *symbols, const alphabet *distances)
{
	deflate_output out = *to; /* stays in registers */
	for (;; sequence++) {
		const uint8_t *end = bytes + sequence->literals;
		for (; end - bytes >= 3; bytes += 3) {
			put_symbol(&out, symbols, bytes[0]);
			put_symbol(&out, symbols, bytes[1]);
			put_symbol(&out, symbols, bytes[2]);
			flush(&out);
		}
		for (; bytes < end; bytes++)
			put_symbol(&out, symbols, *bytes);
		flush(&out);
		if (sequence->length == 0)
			break;
		coded length = length_code(sequence->length), distance = distance_code(sequence->distance);
		put_symbol(&out, symbols, length.symbol);
		put(&out, length.extra, length.extra_bits);
		put_symbol(&out, distances, distance.symbol);
		put(&out, distance.extra, distance.extra_bits);
		flush(&out);
		bytes += sequence->length;
	}
	put_symbol(&out, symbols, END_OF_BLOCK);
	flush(&out);
	*to = out;
}

void deflate_write_block(deflate_output *out, const deflate_sequence *sequences, const uint8_t *bytes, size_t from, size_t end)
{
	alphabet symbols, distances;
	block_head head;
	uint64_t bits = count_symbols(sequences, bytes + from, &symbols, &distances);
	make_codes(&symbols, SYMBOLS, LONGEST_CODE);
	make_codes(&distances, DISTANCES, LONGEST_CODE);
	make_head(&head, &symbols, &distances);
	bits += head.bits + bits_of(&symbols, SYMBOLS) + bits_of(&distances, DISTANCES);
	if (bits >= 3 + 32 + (end - from) * 8) {
		deflate_write_stored(out, bytes + from, end - from);
		return;
	}
	write_head(out, &head);
	write_sequences(out, sequences, bytes + from, &symbols, &distances);
}
