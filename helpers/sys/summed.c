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

/* A descriptor, or the negative of an error number: EINVAL for what is no regular file. Neither follows a link at the end nor waits for a fifo's other end. */
static int open_regular(const char *path)
{
	struct stat found;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int error = fstat(fd, &found) < 0 ? errno : S_ISREG(found.st_mode) ? 0 : EINVAL;
	if (error == 0)
		return fd;
	(void)close(fd); /* nothing was written */
	return -error;
}

/* Bytes read, fewer than `length` at the end of the file only; -1: see errno. */
static ssize_t read_fully(int fd, uint8_t *buffer, size_t length)
{
	size_t filled = 0;
	while (filled < length) {
		ssize_t count = read(fd, buffer + filled, length - filled);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -1;
		if (count == 0)
			break;
		filled += (size_t)count;
	}
	return (ssize_t)filled;
}

/* The last three arguments of both below: the sum that goes on, the buffer, and how much of it is to be filled. */
static bool get_wish(napi_env env, const napi_value *argv, uint8_t **sum, uint8_t **buffer, uint32_t *length)
{
	const void *data;
	size_t size;
	if (!get_sum(env, argv[0], sum) || !sys_get_buffer(env, argv[1], "buffer", &data, &size) || !sys_get_uint32(env, argv[2], "length", length))
		return false;
	*buffer = (uint8_t *)(uintptr_t)data;
	return *length <= size || sys_throw_argument(env, "ERR_INVALID_ARG_VALUE", "length", "at most the buffer's") != NULL;
}

/* (path) -> descriptor */
static napi_value sys_open_regular(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	_cleanup_text_ char *path = NULL;
	if (!sys_args(env, info, 1, argv) || !sys_get_text(env, argv[0], "path", &path))
		return NULL;
	int fd = open_regular(path);
	return fd < 0 ? sys_throw(env, -fd, "open", path, NULL) : sys_number(env, fd);
}

/* (fd, sum, buffer, length) -> bytes read, fewer than `length` at the end of the file only */
static napi_value sys_read_summed(napi_env env, napi_callback_info info)
{
	napi_value argv[4];
	int fd;
	uint8_t *sum, *buffer;
	uint32_t length;
	if (!sys_args(env, info, 4, argv) || !sys_get_int(env, argv[0], "fd", &fd) || !get_wish(env, argv + 1, &sum, &buffer, &length))
		return NULL;
	ssize_t count = read_fully(fd, buffer, length);
	if (count < 0)
		return sys_throw(env, errno, "read", NULL, NULL);
	add_to_sum(sum, buffer, (size_t)count);
	return sys_number(env, (double)count);
}

/* (path, sum, buffer, length): the two above in one, for the many small files of a layer */
static napi_value sys_read_regular(napi_env env, napi_callback_info info)
{
	napi_value argv[4];
	_cleanup_text_ char *path = NULL;
	uint8_t *sum, *buffer;
	uint32_t length;
	if (!sys_args(env, info, 4, argv) || !sys_get_text(env, argv[0], "path", &path) || !get_wish(env, argv + 1, &sum, &buffer, &length))
		return NULL;
	int fd = open_regular(path);
	if (fd < 0)
		return sys_throw(env, -fd, "open", path, NULL);
	ssize_t count = read_fully(fd, buffer, length);
	int error = errno;
	(void)close(fd); /* nothing was written */
	if (count < 0)
		return sys_throw(env, error, "read", path, NULL);
	add_to_sum(sum, buffer, (size_t)count);
	return sys_number(env, (double)count);
}

const sys_function sys_summed_functions[] = {
	{"crc64", sys_crc64},
	{"openRegular", sys_open_regular},
	{"readSummed", sys_read_summed},
	{"readRegular", sys_read_regular},
	{NULL, NULL},
};
