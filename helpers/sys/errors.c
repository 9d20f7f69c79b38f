/* Errors as node:fs throws them: `ENOENT: no such file or directory, open '/x'` with code, errno (negative), syscall, path, dest. */
#include "sys.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Names of errno values. Spelled out because strerrorname_np is glibc 2.32 and newer only. */
static const struct { int number; const char *name; } names[] = {
#define E(x) {x, #x}
	E(EPERM), E(ENOENT), E(ESRCH), E(EINTR), E(EIO), E(ENXIO), E(E2BIG), E(ENOEXEC), E(EBADF), E(ECHILD), E(EAGAIN), E(ENOMEM),
	E(EACCES), E(EFAULT), E(ENOTBLK), E(EBUSY), E(EEXIST), E(EXDEV), E(ENODEV), E(ENOTDIR), E(EISDIR), E(EINVAL), E(ENFILE),
	E(EMFILE), E(ENOTTY), E(ETXTBSY), E(EFBIG), E(ENOSPC), E(ESPIPE), E(EROFS), E(EMLINK), E(EPIPE), E(EDOM), E(ERANGE),
	E(EDEADLK), E(ENAMETOOLONG), E(ENOLCK), E(ENOSYS), E(ENOTEMPTY), E(ELOOP), E(ENODATA), E(ETIME), E(ENOLINK), E(ECOMM),
	E(EPROTO), E(EBADMSG), E(EOVERFLOW), E(EILSEQ), E(EUSERS), E(ENOTSOCK), E(EDESTADDRREQ), E(EMSGSIZE), E(EPROTOTYPE),
	E(ENOPROTOOPT), E(EPROTONOSUPPORT), E(ESOCKTNOSUPPORT), E(EOPNOTSUPP), E(EPFNOSUPPORT), E(EAFNOSUPPORT), E(EADDRINUSE),
	E(EADDRNOTAVAIL), E(ENETDOWN), E(ENETUNREACH), E(ENETRESET), E(ECONNABORTED), E(ECONNRESET), E(ENOBUFS), E(EISCONN),
	E(ENOTCONN), E(ETIMEDOUT), E(ECONNREFUSED), E(EHOSTDOWN), E(EHOSTUNREACH), E(EALREADY), E(EINPROGRESS), E(ESTALE),
	E(EUCLEAN), E(EREMOTEIO), E(EDQUOT), E(ENOMEDIUM), E(EMEDIUMTYPE), E(ECANCELED), E(ENOKEY), E(EKEYEXPIRED), E(EKEYREVOKED),
	E(EKEYREJECTED), E(EOWNERDEAD), E(ENOTRECOVERABLE),
#undef E
};

static const char *name_of(int error)
{
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].number == error)
			return names[i].name;
	return "UNKNOWN";
}

static bool set_text(napi_env env, napi_value object, const char *name, const char *text)
{
	napi_value value;
	return napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value) == napi_ok && sys_set(env, object, name, value);
}

napi_value sys_error(napi_env env, int error, const char *syscall, const char *path, const char *dest)
{
	char reason[128], message[9000];
	const char *text = strerror_r(error, reason, sizeof reason);
	if (text != reason)
		(void)snprintf(reason, sizeof reason, "%s", text);
	if (reason[0] != '\0' && !isupper((unsigned char)reason[1]))
		reason[0] = (char)tolower((unsigned char)reason[0]);
	int length = snprintf(message, sizeof message, "%s: %s, %s", name_of(error), reason, syscall);
	if (path != NULL && length > 0 && (size_t)length < sizeof message)
		length += snprintf(message + length, sizeof message - (size_t)length, " '%s'", path);
	if (dest != NULL && length > 0 && (size_t)length < sizeof message)
		(void)snprintf(message + length, sizeof message - (size_t)length, " -> '%s'", dest);

	napi_value code, text_value, result;
	if (napi_create_string_utf8(env, name_of(error), NAPI_AUTO_LENGTH, &code) != napi_ok ||
	    napi_create_string_utf8(env, message, NAPI_AUTO_LENGTH, &text_value) != napi_ok ||
	    napi_create_error(env, code, text_value, &result) != napi_ok)
		return NULL;
	napi_value number = sys_number(env, -error);
	if (number == NULL || !sys_set(env, result, "errno", number) || !set_text(env, result, "syscall", syscall))
		return NULL;
	if ((path != NULL && !set_text(env, result, "path", path)) || (dest != NULL && !set_text(env, result, "dest", dest)))
		return NULL;
	return result;
}

napi_value sys_throw(napi_env env, int error, const char *syscall, const char *path, const char *dest)
{
	napi_value value = sys_error(env, error, syscall, path, dest);
	if (value != NULL)
		(void)napi_throw(env, value); /* can fail only where an exception is pending already: then that one is reported */
	return NULL;
}

napi_value sys_done(napi_env env, int result, const char *syscall, const char *path, const char *dest)
{
	int error = errno;
	return result < 0 ? sys_throw(env, error, syscall, path, dest) : sys_undefined(env);
}

napi_value sys_throw_argument(napi_env env, const char *code, const char *name, const char *wanted)
{
	char message[256];
	(void)snprintf(message, sizeof message, "the argument \"%s\" must be %s", name, wanted);
	(void)napi_throw_type_error(env, code, message); /* as above */
	return NULL;
}
