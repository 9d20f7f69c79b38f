/*
 * CRC-64/GO-ISO, the sum that tar-split keeps of each file's payload (polynomial x^64 + x^4 + x^3 + x + 1, bits reflected, register
 * inverted at both ends), and files that are read with it.
 *
 * See Go hash/crc64 (ISO); tar-split tar/storage/getter.go (CRCTable)
 */
#include "sys.h"
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The polynomial has so few terms that no table is needed: what is shifted out of the register at its low end comes back as itself
 * xored with itself shifted by 1, 3 and 4. Of 64 bits at once the last four fall out a second time, and come back the same way.
 */
static uint64_t come_back(uint64_t out)
{
	return out ^ out >> 1 ^ out >> 3 ^ out >> 4;
}

static uint64_t crc64(uint64_t sum, const uint8_t *bytes, size_t length)
{
	uint64_t value = ~sum;
	for (; length >= 8; bytes += 8, length -= 8) {
		uint64_t word;
		memcpy(&word, bytes, sizeof word);
		uint64_t out = value ^ le64toh(word);
		value = come_back(out) ^ come_back(out << 63 ^ out << 61 ^ out << 60);
	}
	for (; length > 0; bytes++, length--)
		value = value >> 8 ^ come_back((value ^ *bytes) << 56);
	return ~value;
}

/* The eight bytes of a sum, big-endian as tar-split writes it. */
static bool get_sum(napi_env env, napi_value value, uint8_t **out)
{
	const void *data;
	size_t length;
	if (!sys_get_buffer(env, value, "sum", &data, &length))
		return false;
	if (length != sizeof(uint64_t))
		return sys_throw_argument(env, "ERR_INVALID_ARG_VALUE", "sum", "eight bytes") != NULL;
	*out = (uint8_t *)(uintptr_t)data;
	return true;
}

static void add_to_sum(uint8_t *sum, const uint8_t *bytes, size_t length)
{
	uint64_t value;
	memcpy(&value, sum, sizeof value);
	value = htobe64(crc64(be64toh(value), bytes, length));
	memcpy(sum, &value, sizeof value);
}

/* (sum, bytes): goes on with the sum */
static napi_value sys_crc64(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	uint8_t *sum;
	const void *bytes;
	size_t length;
	if (!sys_args(env, info, 2, argv) || !get_sum(env, argv[0], &sum) || !sys_get_buffer(env, argv[1], "bytes", &bytes, &length))
		return NULL;
	add_to_sum(sum, bytes, length);
	return sys_undefined(env);
}

/* (path) -> descriptor; EINVAL for what is no regular file. Neither follows a link at the end nor waits for a fifo's other end. */
static napi_value sys_open_regular(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	_cleanup_text_ char *path = NULL;
	struct stat found;
	if (!sys_args(env, info, 1, argv) || !sys_get_text(env, argv[0], "path", &path))
		return NULL;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return sys_throw(env, errno, "open", path, NULL);
	int error = fstat(fd, &found) < 0 ? errno : S_ISREG(found.st_mode) ? 0 : EINVAL;
	if (error == 0)
		return sys_number(env, fd);
	(void)close(fd); /* nothing was written */
	return sys_throw(env, error, "open", path, NULL);
}

/* (fd, sum, buffer, length) -> bytes read, fewer than `length` at the end of the file only; goes on with the sum */
static napi_value sys_read_summed(napi_env env, napi_callback_info info)
{
	napi_value argv[4];
	int fd;
	uint8_t *sum;
	const void *data;
	size_t size;
	uint32_t length;
	if (!sys_args(env, info, 4, argv) || !sys_get_int(env, argv[0], "fd", &fd) || !get_sum(env, argv[1], &sum) || !sys_get_buffer(env, argv[2], "buffer", &data, &size) ||
	    !sys_get_uint32(env, argv[3], "length", &length))
		return NULL;
	if (length > size)
		return sys_throw_argument(env, "ERR_INVALID_ARG_VALUE", "length", "at most the buffer's");
	uint8_t *buffer = (uint8_t *)(uintptr_t)data;
	size_t filled = 0;
	while (filled < length) {
		ssize_t count = read(fd, buffer + filled, length - filled);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return sys_throw(env, errno, "read", NULL, NULL);
		if (count == 0)
			break;
		filled += (size_t)count;
	}
	add_to_sum(sum, buffer, filled);
	return sys_number(env, (double)filled);
}

const sys_function sys_summed_functions[] = {
	{"crc64", sys_crc64},
	{"openRegular", sys_open_regular},
	{"readSummed", sys_read_summed},
	{NULL, NULL},
};
