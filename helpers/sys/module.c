/* The exports. */
#include "sys.h"

static bool add(napi_env env, napi_value exports, const sys_function *functions)
{
	for (; functions->name != NULL; functions++) {
		napi_value call;
		if (napi_create_function(env, functions->name, NAPI_AUTO_LENGTH, functions->call, NULL, &call) != napi_ok || !sys_set(env, exports, functions->name, call))
			return false;
	}
	return true;
}

/* The macro below defines these two without a prototype, which -Wmissing-prototypes takes for a forgotten static. */
napi_value napi_register_module_v1(napi_env env, napi_value exports);
int32_t node_api_module_get_api_version_v1(void);

NAPI_MODULE_INIT()
{
	bool done = add(env, exports, sys_file_functions) && add(env, exports, sys_xattr_functions) && add(env, exports, sys_mount_functions) &&
		add(env, exports, sys_descriptor_functions) && add(env, exports, sys_socket_functions) && add(env, exports, sys_process_functions) &&
		add(env, exports, sys_wait_functions) && add(env, exports, sys_random_functions) && add(env, exports, sys_borrow_functions) && add(env, exports, sys_zstd_functions) &&
		add(env, exports, sys_gzip_functions) && add(env, exports, sys_summed_functions) && add(env, exports, sys_rights_functions) && add(env, exports, sys_mapped_functions);
	return done ? exports : NULL;
}
