/*
 * sys: the Node-API addon behind src/host/sys.ts. Every function is one thin, checked system call. It never exits and never
 * aborts: a failed call throws an Error with {code, errno, syscall, path} as node:fs does, a wrong argument throws a
 * TypeError with code ERR_INVALID_ARG_TYPE or ERR_INVALID_ARG_VALUE.
 *
 * There is deliberately no unshare and no setns of user or mount namespaces: in a threaded process they move the calling
 * thread alone, and libuv's pool would stay where it was.
 */
#ifndef SKIFF_SYS_H
#define SKIFF_SYS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>

#ifndef SYS_close_range /* headers before Linux 5.9 */
#define SYS_close_range 436
#endif

#define MAX_ARGS 6

/* Frees itself at the end of its scope. */
void sys_free(void *slot);
#define _cleanup_(f) __attribute__((cleanup(f)))
#define _cleanup_text_ _cleanup_(sys_free)

/* Takes the arguments of a call; missing ones are undefined. False with a pending exception. */
bool sys_args(napi_env env, napi_callback_info info, size_t count, napi_value *values);

/* Getters: false with a pending exception where the value is of the wrong type or out of range. */
bool sys_get_int(napi_env env, napi_value value, const char *name, int *out);
bool sys_get_int64(napi_env env, napi_value value, const char *name, int64_t *out);
bool sys_get_uint32(napi_env env, napi_value value, const char *name, uint32_t *out); /* -1 means 4294967295, as for chown */
bool sys_get_bigint(napi_env env, napi_value value, const char *name, int64_t *out);
bool sys_get_bool(napi_env env, napi_value value, const char *name, bool *out);
/* A string (as UTF-8) or a Buffer (as it is) as NUL-terminated bytes without a NUL inside; the caller frees. */
bool sys_get_text(napi_env env, napi_value value, const char *name, char **out);
/* The bytes of a Buffer, borrowed for the time of the call. */
bool sys_get_buffer(napi_env env, napi_value value, const char *name, const void **data, size_t *length);
/* An array of texts, NULL-terminated; the caller frees with sys_free_list. */
bool sys_get_text_list(napi_env env, napi_value value, const char *name, char ***out);
void sys_free_list(char ***list);
#define _cleanup_list_ _cleanup_(sys_free_list)
/* Member of an object; `out` is undefined where it is missing. */
bool sys_get_member(napi_env env, napi_value object, const char *name, napi_value *out);

/* Results; NULL with a pending exception. */
napi_value sys_undefined(napi_env env);
napi_value sys_number(napi_env env, double value);
napi_value sys_int64(napi_env env, int64_t value);
napi_value sys_bool(napi_env env, bool value);
napi_value sys_bytes(napi_env env, const void *data, size_t length);
napi_value sys_pair(napi_env env, int first, int second);
bool sys_set(napi_env env, napi_value object, const char *name, napi_value value);

/* Throws for errno value `error`; `path` and `dest` may be NULL. Always returns NULL. */
napi_value sys_throw(napi_env env, int error, const char *syscall, const char *path, const char *dest);
/* The same error as a value, for rejecting a promise. */
napi_value sys_error(napi_env env, int error, const char *syscall, const char *path, const char *dest);
napi_value sys_throw_argument(napi_env env, const char *code, const char *name, const char *wanted);

/* undefined for 0, else throws errno. */
napi_value sys_done(napi_env env, int result, const char *syscall, const char *path, const char *dest);

/* What each file adds to the exports. */
typedef struct { const char *name; napi_callback call; } sys_function;
extern const sys_function sys_file_functions[], sys_xattr_functions[], sys_mount_functions[], sys_descriptor_functions[],
	sys_socket_functions[], sys_process_functions[], sys_wait_functions[], sys_random_functions[], sys_borrow_functions[], sys_zstd_functions[], sys_gzip_functions[], sys_summed_functions[],
	sys_rights_functions[], sys_mapped_functions[];

#endif
