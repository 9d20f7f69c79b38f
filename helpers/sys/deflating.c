/* Deflate for JavaScript, in a thread of libuv's pool. All memory is the caller's: nothing is allocated for a chunk. */
#include "deflate.h"
#include "sys.h"
#include <errno.h>
#include <stdlib.h>

enum { INPUT, OUTPUT, SCRATCH, BUFFERS };

typedef struct {
	napi_deferred deferred;
	napi_async_work work;
	napi_ref kept[BUFFERS]; /* the memory stays as long as the thread uses it */
	const uint8_t *input;
	uint8_t *output;
	deflate_scratch *scratch;
	size_t from, end, written;
} job;

static void work(napi_env env, void *data)
{
	(void)env;
	job *self = data;
	self->written = deflate_chunk(self->scratch, self->input, self->from, self->end, self->output);
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
	napi_value written = status == napi_ok ? sys_number(env, (double)self->written) : sys_error(env, ECANCELED, "deflate", NULL, NULL);
	if (written != NULL && status == napi_ok)
		(void)napi_resolve_deferred(env, self->deferred, written); /* nothing could be told of a failure here */
	else if (written != NULL)
		(void)napi_reject_deferred(env, self->deferred, written);
	drop(env, self);
}

/* (input, from, end, output, scratch) -> promise of the number of bytes written */
static napi_value sys_deflate(napi_env env, napi_callback_info info)
{
	napi_value argv[5], promise, name;
	const void *data[BUFFERS];
	size_t length[BUFFERS];
	int64_t from, end;
	if (!sys_args(env, info, 5, argv) || !sys_get_buffer(env, argv[0], "input", &data[INPUT], &length[INPUT]) || !sys_get_int64(env, argv[1], "from", &from) ||
	    !sys_get_int64(env, argv[2], "end", &end) || !sys_get_buffer(env, argv[3], "output", &data[OUTPUT], &length[OUTPUT]) ||
	    !sys_get_buffer(env, argv[4], "scratch", &data[SCRATCH], &length[SCRATCH]))
		return NULL;
	if (from < 0 || end < from || (uint64_t)end > length[INPUT] || length[INPUT] > UINT32_MAX / 2)
		return sys_throw_argument(env, "ERR_INVALID_ARG_VALUE", "end", "a range of the input");
	if (length[OUTPUT] < deflate_bound((size_t)(end - from)))
		return sys_throw_argument(env, "ERR_INVALID_ARG_VALUE", "output", "as large as the input and some more");
	if (length[SCRATCH] < sizeof(deflate_scratch) || (uintptr_t)data[SCRATCH] % _Alignof(deflate_scratch) != 0)
		return sys_throw_argument(env, "ERR_INVALID_ARG_VALUE", "scratch", "of deflateScratchBytes()");
	job *self = calloc(1, sizeof *self);
	if (self == NULL)
		return sys_throw(env, ENOMEM, "deflate", NULL, NULL);
	self->input = data[INPUT];
	self->output = (uint8_t *)(uintptr_t)data[OUTPUT];
	self->scratch = (deflate_scratch *)(uintptr_t)data[SCRATCH];
	self->from = (size_t)from;
	self->end = (size_t)end;
	if (napi_create_reference(env, argv[0], 1, &self->kept[INPUT]) == napi_ok && napi_create_reference(env, argv[3], 1, &self->kept[OUTPUT]) == napi_ok &&
	    napi_create_reference(env, argv[4], 1, &self->kept[SCRATCH]) == napi_ok && napi_create_string_latin1(env, "sys.deflate", NAPI_AUTO_LENGTH, &name) == napi_ok &&
	    napi_create_async_work(env, NULL, name, work, settle, self, &self->work) == napi_ok && napi_create_promise(env, &self->deferred, &promise) == napi_ok &&
	    napi_queue_async_work(env, self->work) == napi_ok)
		return promise;
	drop(env, self);
	return sys_throw(env, ENOMEM, "deflate", NULL, NULL);
}

/* () -> the size of a scratch */
static napi_value sys_deflate_scratch_bytes(napi_env env, napi_callback_info info)
{
	(void)info;
	return sys_number(env, sizeof(deflate_scratch));
}

/* (length) -> the most that comes of so many bytes */
static napi_value sys_deflate_bound(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	uint32_t length;
	if (!sys_args(env, info, 1, argv) || !sys_get_uint32(env, argv[0], "length", &length))
		return NULL;
	return sys_number(env, (double)deflate_bound(length));
}

const sys_function sys_deflate_functions[] = {
	{"deflate", sys_deflate},
	{"deflateBound", sys_deflate_bound},
	{"deflateScratchBytes", sys_deflate_scratch_bytes},
	{NULL, NULL},
};
