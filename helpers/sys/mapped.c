/*
 * The program's text and V8's compiled form of it, as the page cache holds them: a command reads little of the one and all of the other once,
 * so that neither is worth copying (helpers/build/loader.cjs). What is mapped stays the file it was when another takes its name.
 */
#include "sys.h"
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Since Node 18.18 and 20.4, and declared only for who asks for all that is new: looked for by name. */
typedef napi_status (*create_latin1)(napi_env, char *, size_t, napi_finalize, void *, napi_value *, bool *);

static void unmap(napi_env env, void *data, void *size)
{
	(void)env;
	(void)munmap(data, (size_t)(uintptr_t)size);
}

/* The whole file; NULL where that fails, and for an empty one. */
static void *map_file(const char *path, size_t *size)
{
	struct stat status;
	void *data = MAP_FAILED;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) == 0) {
		*size = (size_t)status.st_size;
		data = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
	}
	(void)close(fd);
	return data == MAP_FAILED ? NULL : data;
}

/* A file of ASCII as a string. Undefined where it can't be mapped or this Node can't have one that is not its own: who reads it is told why. */
static napi_value sys_map_text(napi_env env, napi_callback_info info)
{
	napi_value argv[1], text;
	_cleanup_text_ char *path = NULL;
	size_t size;
	bool copied = false;
	create_latin1 create = ((union { void *found; create_latin1 call; }){.found = dlsym(RTLD_DEFAULT, "node_api_create_external_string_latin1")}).call;
	if (!sys_args(env, info, 1, argv) || !sys_get_text(env, argv[0], "path", &path))
		return NULL;
	char *data = create ? map_file(path, &size) : NULL;
	if (!data)
		return sys_undefined(env);
	if (create(env, data, size, unmap, (void *)(uintptr_t)size, &text, &copied) == napi_ok) /* one that was copied has been unmapped */
		return text;
	unmap(env, data, (void *)(uintptr_t)size);
	return sys_undefined(env);
}

/* A file's bytes as a Buffer that is not to be written to; undefined where it can't be mapped. */
static napi_value sys_map_bytes(napi_env env, napi_callback_info info)
{
	napi_value argv[1], bytes;
	_cleanup_text_ char *path = NULL;
	size_t size;
	if (!sys_args(env, info, 1, argv) || !sys_get_text(env, argv[0], "path", &path))
		return NULL;
	void *data = map_file(path, &size);
	if (!data)
		return sys_undefined(env);
	if (napi_create_external_buffer(env, size, data, unmap, (void *)(uintptr_t)size, &bytes) == napi_ok)
		return bytes;
	unmap(env, data, (void *)(uintptr_t)size);
	return sys_undefined(env);
}

const sys_function sys_mapped_functions[] = {{"mapText", sys_map_text}, {"mapBytes", sys_map_bytes}, {NULL, NULL}};
