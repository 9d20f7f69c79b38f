/* Waiting for children: at once (waitpid) or by a promise (wait, with a thread of its own per child, so that libuv's few
 * pool threads stay free for files). */
#include "sys.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

static napi_value describe(napi_env env, int status)
{
	napi_value result, code, number;
	if (napi_create_object(env, &result) != napi_ok)
		return NULL;
	code = WIFEXITED(status) ? sys_number(env, WEXITSTATUS(status)) : sys_undefined(env);
	number = WIFSIGNALED(status) ? sys_number(env, WTERMSIG(status)) : sys_undefined(env);
	return sys_set(env, result, "exitCode", code) && sys_set(env, result, "signal", number) ? result : NULL;
}

static pid_t wait_for(pid_t pid, int *status, int options)
{
	pid_t ended;
	do
		ended = waitpid(pid, status, options);
	while (ended < 0 && errno == EINTR);
	return ended;
}

static napi_value sys_waitpid(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	int pid, status = 0;
	bool no_hang;
	if (!sys_args(env, info, 2, argv) || !sys_get_int(env, argv[0], "pid", &pid) || !sys_get_bool(env, argv[1], "noHang", &no_hang))
		return NULL;
	pid_t ended = wait_for(pid, &status, no_hang ? WNOHANG : 0);
	if (ended < 0)
		return sys_throw(env, errno, "waitpid", NULL, NULL);
	return ended == 0 ? sys_undefined(env) : describe(env, status);
}

typedef struct { napi_deferred deferred; napi_threadsafe_function settle; pid_t pid; int status, error; } wait_job;

/* On the thread that waits. */
static void *wait_thread(void *data)
{
	wait_job *job = data;
	napi_threadsafe_function settle = job->settle;
	if (wait_for(job->pid, &job->status, 0) < 0)
		job->error = errno;
	/* Refused only while the environment shuts down: then nobody listens any more, and the job is freed by the finalizer. */
	(void)napi_call_threadsafe_function(settle, job, napi_tsfn_blocking);
	(void)napi_release_threadsafe_function(settle, napi_tsfn_release);
	return NULL;
}

/* On the main thread. */
static void settle_promise(napi_env env, napi_value unused, void *context, void *data)
{
	(void)unused;
	(void)context;
	wait_job *job = data;
	if (env == NULL)
		return;
	napi_value value = job->error == 0 ? describe(env, job->status) : sys_error(env, job->error, "waitpid", NULL, NULL);
	if (value == NULL)
		return;
	if (job->error == 0)
		(void)napi_resolve_deferred(env, job->deferred, value); /* nothing could be told of a failure here */
	else
		(void)napi_reject_deferred(env, job->deferred, value);
}

static void free_job(napi_env env, void *data, void *hint)
{
	(void)env;
	(void)hint;
	free(data);
}

static napi_value sys_wait(napi_env env, napi_callback_info info)
{
	napi_value argv[1], promise, name;
	pthread_t thread;
	pthread_attr_t attributes;
	sigset_t all, before;
	int pid;
	if (!sys_args(env, info, 1, argv) || !sys_get_int(env, argv[0], "pid", &pid))
		return NULL;
	wait_job *job = calloc(1, sizeof *job);
	if (job == NULL)
		return sys_throw(env, ENOMEM, "waitpid", NULL, NULL);
	job->pid = pid;
	if (napi_create_promise(env, &job->deferred, &promise) != napi_ok || napi_create_string_latin1(env, "sys.wait", NAPI_AUTO_LENGTH, &name) != napi_ok ||
	    napi_create_threadsafe_function(env, NULL, NULL, name, 0, 1, job, free_job, NULL, settle_promise, &job->settle) != napi_ok) {
		free(job);
		return sys_throw(env, ENOMEM, "waitpid", NULL, NULL);
	}
	/* Signals are for the main thread: this one must not be chosen to take them. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_attr_init(&attributes);
	if (error == 0) {
		(void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED); /* these two fail for wrong values only */
		(void)pthread_attr_setstacksize(&attributes, 128 * 1024);
		error = pthread_create(&thread, &attributes, wait_thread, job);
		(void)pthread_attr_destroy(&attributes);
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0) {
		(void)napi_release_threadsafe_function(job->settle, napi_tsfn_abort);
		return sys_throw(env, error, "pthread_create", NULL, NULL);
	}
	return promise;
}

const sys_function sys_wait_functions[] = {{"waitpid", sys_waitpid}, {"wait", sys_wait}, {NULL, NULL}};
