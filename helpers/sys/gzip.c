/*
 * gzip by the host's libdeflate, where there is one: it takes half the time of zlib. Loaded by name and not linked, so that the
 * addon works without it. A chunk is compressed in a thread of libuv's pool; its memory is the caller's.
 *
 * See libdeflate.h, whose ABI is version 0 since 2016.
 */
#include "sys.h"
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

static struct {
	bool looked;
	void *(*create)(int level);
	void (*release)(void *compressor);
	size_t (*compress)(void *compressor, const void *input, size_t length, void *output, size_t available);
	size_t (*bound)(void *compressor, size_t length);
} library;

/* A pointer to data is no pointer to a function in C; in POSIX it is. */
#define LOAD(handle, slot, name) (*(void **)&(slot) = dlsym(handle, name))

enum { INPUT, OUTPUT, BUFFERS };

typedef struct {
	napi_deferred deferred;
	napi_async_work work;
	napi_ref kept[BUFFERS]; /* the memory stays as long as the thread uses it */
	const void *input;
	void *output;
	size_t length, available, written;
	int level;
} job;

/* What a thread of the pool compresses with. Making one for each chunk costs a hundred page faults each time. */
typedef struct {
	void *compressor;
	int level;
} tool;

static pthread_key_t tools;
static bool tools_are_kept;

/* At the thread's end, when its own variables are still there. */
static void drop_tool(void *data)
{
	tool *self = data;
	if (self->compressor != NULL)
		library.release(self->compressor);
	self->compressor = NULL;
}

/* On the main thread only. */
static bool load(void)
{
	if (!library.looked) {
		library.looked = true;
		void *handle = dlopen("libdeflate.so.0", RTLD_NOW | RTLD_LOCAL);
		if (handle != NULL) {
			LOAD(handle, library.create, "libdeflate_alloc_compressor");
			LOAD(handle, library.release, "libdeflate_free_compressor");
			LOAD(handle, library.compress, "libdeflate_gzip_compress");
			LOAD(handle, library.bound, "libdeflate_gzip_compress_bound");
			tools_are_kept = pthread_key_create(&tools, drop_tool) == 0;
		}
	}
	return tools_are_kept && library.create != NULL && library.release != NULL && library.compress != NULL && library.bound != NULL;
}

/* This thread's compressor, which goes with the thread; NULL where there is no memory for it, or no such level. */
static void *own_compressor(int level)
{
	static _Thread_local tool own;
	if (own.compressor != NULL && own.level == level)
		return own.compressor;
	if (own.compressor != NULL)
		library.release(own.compressor);
	own = (tool){.compressor = library.create(level), .level = level};
	if (own.compressor != NULL && pthread_setspecific(tools, &own) == 0)
		return own.compressor;
	if (own.compressor != NULL)
		library.release(own.compressor);
	own.compressor = NULL;
	return NULL;
}

static void work(napi_env env, void *data)
{
	(void)env;
	job *self = data;
	void *compressor = own_compressor(self->level);
	if (compressor != NULL) /* else nothing is written */
		self->written = library.compress(compressor, self->input, self->length, self->output, self->available);
}

static void drop(napi_env env, job *self)
{
	for (int i = 0; i < BUFFERS; i++)
		if (self->kept[i] != NULL)
			(void)napi_delete_reference(env, self->kept[i]); /* fails for wrong arguments only */
	if (self->work != NULL)
		(void)napi_delete_async_work(env, self->work); /* likewise */
	free(self);
}

/* On the main thread. */
static void settle(napi_env env, napi_status status, void *data)
{
	job *self = data;
	bool done = status == napi_ok && self->written > 0;
	napi_value result = done ? sys_number(env, (double)self->written) : sys_error(env, status == napi_ok ? ENOMEM : ECANCELED, "gzip", NULL, NULL);
	if (result != NULL && done)
		(void)napi_resolve_deferred(env, self->deferred, result); /* nothing could be told of a failure here */
	else if (result != NULL)
		(void)napi_reject_deferred(env, self->deferred, result);
	drop(env, self);
}

/* (input, output, level) -> promise of the number of bytes written: one gzip member */
static napi_value sys_gzip(napi_env env, napi_callback_info info)
{
	napi_value argv[3], promise, name;
	const void *data[BUFFERS];
	size_t length[BUFFERS];
	uint32_t level;
	if (!sys_args(env, info, 3, argv) || !sys_get_buffer(env, argv[0], "input", &data[INPUT], &length[INPUT]) ||
	    !sys_get_buffer(env, argv[1], "output", &data[OUTPUT], &length[OUTPUT]) || !sys_get_uint32(env, argv[2], "level", &level))
		return NULL;
	if (!load())
		return sys_throw(env, ENOSYS, "gzip", NULL, NULL);
	if (level < 1 || level > 12)
		return sys_throw_argument(env, "ERR_INVALID_ARG_VALUE", "level", "1 to 12");
	if (length[OUTPUT] < library.bound(NULL, length[INPUT]))
		return sys_throw_argument(env, "ERR_INVALID_ARG_VALUE", "output", "of gzipBound(input.length)");
	job *self = calloc(1, sizeof *self);
	if (self == NULL)
		return sys_throw(env, ENOMEM, "gzip", NULL, NULL);
	self->input = data[INPUT];
	self->length = length[INPUT];
	self->output = (void *)(uintptr_t)data[OUTPUT];
	self->available = length[OUTPUT];
	self->level = (int)level;
	if (napi_create_reference(env, argv[0], 1, &self->kept[INPUT]) == napi_ok && napi_create_reference(env, argv[1], 1, &self->kept[OUTPUT]) == napi_ok &&
	    napi_create_string_latin1(env, "sys.gzip", NAPI_AUTO_LENGTH, &name) == napi_ok &&
	    napi_create_async_work(env, NULL, name, work, settle, self, &self->work) == napi_ok && napi_create_promise(env, &self->deferred, &promise) == napi_ok &&
	    napi_queue_async_work(env, self->work) == napi_ok)
		return promise;
	drop(env, self);
	return sys_throw(env, ENOMEM, "gzip", NULL, NULL);
}

/* (length) -> the most that comes of so many bytes, or undefined where the host has no libdeflate */
static napi_value sys_gzip_bound(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	uint32_t length;
	if (!sys_args(env, info, 1, argv) || !sys_get_uint32(env, argv[0], "length", &length))
		return NULL;
	return load() ? sys_number(env, (double)library.bound(NULL, length)) : sys_undefined(env);
}

const sys_function sys_gzip_functions[] = {
	{"gzip", sys_gzip},
	{"gzipBound", sys_gzip_bound},
	{NULL, NULL},
};
