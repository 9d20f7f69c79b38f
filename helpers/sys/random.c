/*
 * Random bytes from the kernel and SHA-256 from the OpenSSL that is part of Node: what node:crypto gives, too, but that module takes
 * more than 3 ms to load, a tenth of a short command.
 */
#include "sys.h"
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

enum { RANDOM_MAX = 256, SHA256_BYTES = 32 };

static napi_value sys_random(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	unsigned char bytes[RANDOM_MAX];
	int length;
	if (!sys_args(env, info, 1, argv) || !sys_get_int(env, argv[0], "length", &length))
		return NULL;
	if (length < 0 || length > RANDOM_MAX) /* up to here getrandom gives all or nothing: getrandom(2) */
		return sys_throw_argument(env, "ERR_INVALID_ARG_VALUE", "length", "at most 256");
	ssize_t count;
	do
		count = getrandom(bytes, (size_t)length, 0);
	while (count < 0 && errno == EINTR);
	return count < 0 ? sys_throw(env, errno, "getrandom", NULL, NULL) : sys_bytes(env, bytes, (size_t)length);
}

/* SHA256_CTX is 112 bytes in every OpenSSL since 0.9.8; this is more. Not SHA256(): since 3.0 it sets up a provider first. */
typedef struct { long long room[32]; } sha256_state;
typedef int (*sha256_init)(sha256_state *);
typedef int (*sha256_update)(sha256_state *, const void *, size_t);
typedef int (*sha256_final)(unsigned char *, sha256_state *);

/* A function that is in the process, or NULL. The way through a union is POSIX's, dlsym(3). */
#define FIND(type, name) (((union { void *found; type call; }){.found = dlsym(RTLD_DEFAULT, name)}).call)

/* Undefined where this Node has no such functions for us. */
static napi_value sys_sha256(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	const void *data;
	size_t length;
	sha256_state state;
	unsigned char digest[SHA256_BYTES];
	if (!sys_args(env, info, 1, argv) || !sys_get_buffer(env, argv[0], "data", &data, &length))
		return NULL;
	sha256_init init = FIND(sha256_init, "SHA256_Init");
	sha256_update update = FIND(sha256_update, "SHA256_Update");
	sha256_final final = FIND(sha256_final, "SHA256_Final");
	if (!init || !update || !final || !init(&state) || !update(&state, data, length) || !final(digest, &state))
		return sys_undefined(env);
	return sys_bytes(env, digest, sizeof digest);
}

const sys_function sys_random_functions[] = {{"random", sys_random}, {"sha256", sys_sha256}, {NULL, NULL}};
