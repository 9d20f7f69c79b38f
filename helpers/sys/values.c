/* JavaScript values in and out. Nothing here makes a system call. */
#include "sys.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WRONG_TYPE "ERR_INVALID_ARG_TYPE"
#define WRONG_VALUE "ERR_INVALID_ARG_VALUE"

void sys_free(void *slot)
{
	free(*(void **)slot);
}

void sys_free_list(char ***list)
{
	if (*list == NULL)
		return;
	for (char **item = *list; *item != NULL; item++)
		free(*item);
	free(*list);
}

bool sys_args(napi_env env, napi_callback_info info, size_t count, napi_value *values)
{
	return napi_get_cb_info(env, info, &count, values, NULL, NULL) == napi_ok;
}

static bool get_whole(napi_env env, napi_value value, const char *name, double low, double high, double *out)
{
	if (napi_get_value_double(env, value, out) != napi_ok)
		return sys_throw_argument(env, WRONG_TYPE, name, "a number") != NULL;
	if (!(*out >= low && *out <= high) || trunc(*out) != *out)
		return sys_throw_argument(env, WRONG_VALUE, name, "a whole number within range") != NULL;
	return true;
}

bool sys_get_int(napi_env env, napi_value value, const char *name, int *out)
{
	double number;
	if (!get_whole(env, value, name, INT32_MIN, INT32_MAX, &number))
		return false;
	*out = (int)number;
	return true;
}

bool sys_get_uint32(napi_env env, napi_value value, const char *name, uint32_t *out)
{
	double number;
	if (!get_whole(env, value, name, -1, UINT32_MAX, &number))
		return false;
	*out = number < 0 ? UINT32_MAX : (uint32_t)number;
	return true;
}

bool sys_get_int64(napi_env env, napi_value value, const char *name, int64_t *out)
{
	double number;
	if (!get_whole(env, value, name, -9007199254740991.0, 9007199254740991.0, &number))
		return false;
	*out = (int64_t)number;
	return true;
}

bool sys_get_bigint(napi_env env, napi_value value, const char *name, int64_t *out)
{
	bool lossless = false;
	if (napi_get_value_bigint_int64(env, value, out, &lossless) != napi_ok)
		return sys_throw_argument(env, WRONG_TYPE, name, "a bigint") != NULL;
	if (!lossless)
		return sys_throw_argument(env, WRONG_VALUE, name, "a bigint of 64 bits") != NULL;
	return true;
}

bool sys_get_bool(napi_env env, napi_value value, const char *name, bool *out)
{
	napi_valuetype type;
	if (napi_typeof(env, value, &type) != napi_ok)
		return false;
	if (type == napi_undefined) {
		*out = false;
		return true;
	}
	if (napi_get_value_bool(env, value, out) != napi_ok)
		return sys_throw_argument(env, WRONG_TYPE, name, "a boolean") != NULL;
	return true;
}

bool sys_get_buffer(napi_env env, napi_value value, const char *name, const void **data, size_t *length)
{
	bool is_buffer = false;
	void *bytes = NULL;
	if (napi_is_buffer(env, value, &is_buffer) != napi_ok || !is_buffer || napi_get_buffer_info(env, value, &bytes, length) != napi_ok)
		return sys_throw_argument(env, WRONG_TYPE, name, "a Buffer") != NULL;
	*data = bytes;
	return true;
}

bool sys_get_text(napi_env env, napi_value value, const char *name, char **out)
{
	bool is_buffer = false;
	size_t length = 0;
	char *text = NULL;
	*out = NULL;
	if (napi_is_buffer(env, value, &is_buffer) == napi_ok && is_buffer) {
		void *bytes = NULL;
		if (napi_get_buffer_info(env, value, &bytes, &length) != napi_ok || (text = malloc(length + 1)) == NULL)
			return sys_throw_argument(env, WRONG_TYPE, name, "a readable Buffer") != NULL;
		if (length > 0)
			memcpy(text, bytes, length);
		text[length] = '\0';
	} else {
		if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok)
			return sys_throw_argument(env, WRONG_TYPE, name, "a string or a Buffer") != NULL;
		text = malloc(length + 1);
		if (text == NULL || napi_get_value_string_utf8(env, value, text, length + 1, &length) != napi_ok) {
			free(text);
			return sys_throw_argument(env, WRONG_VALUE, name, "a readable string") != NULL;
		}
	}
	if (memchr(text, '\0', length) != NULL) {
		free(text);
		return sys_throw_argument(env, WRONG_VALUE, name, "without null bytes") != NULL;
	}
	*out = text;
	return true;
}

bool sys_get_text_list(napi_env env, napi_value value, const char *name, char ***out)
{
	bool is_array = false;
	uint32_t count = 0;
	if (napi_is_array(env, value, &is_array) != napi_ok || !is_array || napi_get_array_length(env, value, &count) != napi_ok)
		return sys_throw_argument(env, WRONG_TYPE, name, "an array of strings") != NULL;
	_cleanup_list_ char **list = calloc((size_t)count + 1, sizeof *list);
	if (list == NULL)
		return sys_throw_argument(env, WRONG_VALUE, name, "of a size that fits in memory") != NULL;
	for (uint32_t i = 0; i < count; i++) {
		napi_value item;
		if (napi_get_element(env, value, i, &item) != napi_ok || !sys_get_text(env, item, name, &list[i]))
			return false;
	}
	*out = list;
	list = NULL;
	return true;
}

bool sys_get_member(napi_env env, napi_value object, const char *name, napi_value *out)
{
	napi_valuetype type;
	if (napi_typeof(env, object, &type) != napi_ok || type != napi_object)
		return sys_throw_argument(env, WRONG_TYPE, "options", "an object") != NULL;
	return napi_get_named_property(env, object, name, out) == napi_ok;
}

napi_value sys_undefined(napi_env env)
{
	napi_value value;
	return napi_get_undefined(env, &value) == napi_ok ? value : NULL;
}

napi_value sys_number(napi_env env, double number)
{
	napi_value value;
	return napi_create_double(env, number, &value) == napi_ok ? value : NULL;
}

napi_value sys_int64(napi_env env, int64_t number)
{
	napi_value value;
	return napi_create_bigint_int64(env, number, &value) == napi_ok ? value : NULL;
}

napi_value sys_bool(napi_env env, bool flag)
{
	napi_value value;
	return napi_get_boolean(env, flag, &value) == napi_ok ? value : NULL;
}

napi_value sys_bytes(napi_env env, const void *data, size_t length)
{
	napi_value value;
	return napi_create_buffer_copy(env, length, data, NULL, &value) == napi_ok ? value : NULL;
}

bool sys_set(napi_env env, napi_value object, const char *name, napi_value value)
{
	return value != NULL && napi_set_named_property(env, object, name, value) == napi_ok;
}

napi_value sys_pair(napi_env env, int first, int second)
{
	napi_value array, one = sys_number(env, first), two = sys_number(env, second);
	if (one == NULL || two == NULL || napi_create_array_with_length(env, 2, &array) != napi_ok ||
	    napi_set_element(env, array, 0, one) != napi_ok || napi_set_element(env, array, 1, two) != napi_ok)
		return NULL;
	return array;
}
