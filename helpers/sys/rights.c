/* Capabilities of the calling thread. @see capabilities(7) */
#include "sys.h"
#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int drop_inheritable(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];
	if (syscall(SYS_capget, &header, data) < 0)
		return errno;
	data[0].inheritable = data[1].inheritable = 0;
	return syscall(SYS_capset, &header, data) < 0 ? errno : 0;
}

/* What is not inheritable can't be ambient: the kernel drops both. */
static napi_value sys_drop_ambient(napi_env env, napi_callback_info info)
{
	(void)info;
	int error = drop_inheritable();
	return error == 0 ? sys_undefined(env) : sys_throw(env, error, "capset", NULL, NULL);
}

const sys_function sys_rights_functions[] = {{"dropAmbient", sys_drop_ambient}, {NULL, NULL}};
