/* Extended attributes of a path itself, never of what a link points to. */
#include "sys.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#define VALUE_MAX 65536 /* XATTR_SIZE_MAX and XATTR_LIST_MAX of the kernel */

static napi_value sys_lsetxattr(napi_env env, napi_callback_info info)
{
	napi_value argv[3];
	_cleanup_text_ char *path = NULL, *name = NULL;
	const void *value;
	size_t length;
	if (!sys_args(env, info, 3, argv) || !sys_get_text(env, argv[0], "path", &path) || !sys_get_text(env, argv[1], "name", &name) ||
	    !sys_get_buffer(env, argv[2], "value", &value, &length))
		return NULL;
	return sys_done(env, lsetxattr(path, name, value, length, 0), "lsetxattr", path, NULL);
}

static napi_value sys_lgetxattr(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	_cleanup_text_ char *path = NULL, *name = NULL, *big = NULL;
	char small[256], *value = small;
	if (!sys_args(env, info, 2, argv) || !sys_get_text(env, argv[0], "path", &path) || !sys_get_text(env, argv[1], "name", &name))
		return NULL;
	ssize_t length = lgetxattr(path, name, small, sizeof small);
	if (length < 0 && errno == ERANGE) {
		value = big = malloc(VALUE_MAX);
		if (big == NULL)
			return sys_throw(env, ENOMEM, "lgetxattr", path, NULL);
		length = lgetxattr(path, name, big, VALUE_MAX);
	}
	if (length < 0)
		return errno == ENODATA ? sys_undefined(env) : sys_throw(env, errno, "lgetxattr", path, NULL);
	return sys_bytes(env, value, (size_t)length);
}

static napi_value sys_llistxattr(napi_env env, napi_callback_info info)
{
	napi_value argv[1], result;
	_cleanup_text_ char *path = NULL, *big = NULL;
	char small[1024], *list = small;
	if (!sys_args(env, info, 1, argv) || !sys_get_text(env, argv[0], "path", &path))
		return NULL;
	ssize_t length = llistxattr(path, small, sizeof small);
	if (length < 0 && errno == ERANGE) {
		list = big = malloc(VALUE_MAX);
		if (big == NULL)
			return sys_throw(env, ENOMEM, "llistxattr", path, NULL);
		length = llistxattr(path, big, VALUE_MAX);
	}
	if (length < 0) {
		if (errno != EOPNOTSUPP)
			return sys_throw(env, errno, "llistxattr", path, NULL);
		length = 0;
	}
	if (napi_create_array(env, &result) != napi_ok)
		return NULL;
	uint32_t count = 0;
	for (ssize_t at = 0; at < length; count++) {
		size_t size = strnlen(list + at, (size_t)(length - at));
		napi_value item = sys_bytes(env, list + at, size);
		if (item == NULL || napi_set_element(env, result, count, item) != napi_ok)
			return NULL;
		at += (ssize_t)size + 1;
	}
	return result;
}

static napi_value sys_lremovexattr(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	_cleanup_text_ char *path = NULL, *name = NULL;
	if (!sys_args(env, info, 2, argv) || !sys_get_text(env, argv[0], "path", &path) || !sys_get_text(env, argv[1], "name", &name))
		return NULL;
	return sys_done(env, lremovexattr(path, name), "lremovexattr", path, NULL);
}

const sys_function sys_xattr_functions[] = {
	{"lsetxattr", sys_lsetxattr}, {"lgetxattr", sys_lgetxattr}, {"llistxattr", sys_llistxattr}, {"lremovexattr", sys_lremovexattr}, {NULL, NULL},
};
