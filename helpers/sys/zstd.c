/*
 * Decompression by the host's libzstd, where there is one: Node 20 has none, and in JavaScript it takes several times as long.
 * Loaded by name and not linked, so that the addon works without it. Its types are opaque and its streaming functions have been
 * stable since 1.4 (zstd.h, "Streaming decompression").
 */
#include "sys.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>

typedef struct { const void *data; size_t size, at; } zstd_input; /* ZSTD_inBuffer */
typedef struct { void *data; size_t size, at; } zstd_output;       /* ZSTD_outBuffer */

typedef struct {
	void *stream; /* ZSTD_DStream */
	size_t (*decompress)(void *stream, zstd_output *output, zstd_input *input);
	size_t (*release)(void *stream);
	unsigned (*is_error)(size_t code);
	const char *(*error_name)(size_t code);
} decoder;

#define WINDOW_LOG_MAX 100 /* ZSTD_d_windowLogMax */
#define LARGEST_WINDOW_LOG 27 /* 128 MiB: maxWindowBytes of storage/unpack/zstd-frames.ts */

/* A pointer to data is no pointer to a function in C; in POSIX it is. */
#define LOAD(library, slot, name) (*(void **)&(slot) = dlsym(library, name))

static void drop(napi_env env, void *data, void *hint)
{
	(void)env;
	(void)hint;
	decoder *self = data;
	(void)self->release(self->stream); /* returns 0 for what it made itself */
	free(self);
}

/* The library stays loaded: it may have threads' data, and is needed again. */
static bool load(decoder *self)
{
	void *(*create)(void) = NULL;
	size_t (*set)(void *, int, int) = NULL;
	void *library = dlopen("libzstd.so.1", RTLD_NOW | RTLD_LOCAL);
	if (library == NULL)
		return false;
	LOAD(library, create, "ZSTD_createDStream");
	LOAD(library, set, "ZSTD_DCtx_setParameter");
	LOAD(library, self->decompress, "ZSTD_decompressStream");
	LOAD(library, self->release, "ZSTD_freeDStream");
	LOAD(library, self->is_error, "ZSTD_isError");
	LOAD(library, self->error_name, "ZSTD_getErrorName");
	if (create == NULL || set == NULL || self->decompress == NULL || self->release == NULL || self->is_error == NULL || self->error_name == NULL)
		return false;
	self->stream = create();
	if (self->stream == NULL)
		return false;
	if (!self->is_error(set(self->stream, WINDOW_LOG_MAX, LARGEST_WINDOW_LOG)))
		return true;
	(void)self->release(self->stream); /* as in drop */
	return false;
}

/* () -> decoder, or undefined where the host has no libzstd */
static napi_value sys_zstd_decoder(napi_env env, napi_callback_info info)
{
	napi_value result;
	(void)info;
	decoder *self = calloc(1, sizeof *self);
	if (self == NULL)
		return sys_throw(env, ENOMEM, "calloc", NULL, NULL);
	if (!load(self)) {
		free(self);
		return sys_undefined(env);
	}
	if (napi_create_external(env, self, drop, NULL, &result) == napi_ok)
		return result;
	drop(env, self, NULL);
	return NULL;
}

static bool push_number(napi_env env, napi_value array, uint32_t index, double number)
{
	napi_value value = sys_number(env, number);
	return value != NULL && napi_set_element(env, array, index, value) == napi_ok;
}

/* (decoder, input, from, output) -> [read, written, rest of frame: 0 at its end] */
static napi_value sys_zstd_decompress(napi_env env, napi_callback_info info)
{
	napi_value argv[4], result;
	napi_valuetype type;
	void *data;
	const void *input, *output;
	size_t input_length, output_length;
	int64_t from;
	if (!sys_args(env, info, 4, argv))
		return NULL;
	if (napi_typeof(env, argv[0], &type) != napi_ok || type != napi_external || napi_get_value_external(env, argv[0], &data) != napi_ok)
		return sys_throw_argument(env, "ERR_INVALID_ARG_TYPE", "decoder", "a decoder");
	if (!sys_get_buffer(env, argv[1], "input", &input, &input_length) || !sys_get_int64(env, argv[2], "from", &from) || !sys_get_buffer(env, argv[3], "output", &output, &output_length))
		return NULL;
	if (from < 0 || (uint64_t)from > input_length)
		return sys_throw_argument(env, "ERR_INVALID_ARG_VALUE", "from", "a position in the input");
	decoder *self = data;
	zstd_input in = {input, input_length, (size_t)from};
	zstd_output out = {(void *)(uintptr_t)output, output_length, 0};
	size_t rest = self->decompress(self->stream, &out, &in);
	if (self->is_error(rest)) {
		(void)napi_throw_error(env, "ZSTD_ERROR", self->error_name(rest)); /* can fail only where an exception is pending already */
		return NULL;
	}
	if (napi_create_array_with_length(env, 3, &result) != napi_ok || !push_number(env, result, 0, (double)(in.at - (size_t)from)) ||
	    !push_number(env, result, 1, (double)out.at) || !push_number(env, result, 2, rest == 0 ? 0 : 1))
		return NULL;
	return result;
}

const sys_function sys_zstd_functions[] = {
	{"zstdDecoder", sys_zstd_decoder},
	{"zstdDecompress", sys_zstd_decompress},
	{NULL, NULL},
};
