#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "cleanup.h"
#include "die.h"

enum option_name {
  OPT_ID = 256,
  OPT_RUN_DIR,
  OPT_BUNDLE,
  OPT_EXIT_FILE,
  OPT_STATUS_FD,
  OPT_LOCK_FD,
  OPT_CLIENT_FD,
  OPT_RUNTIME,
  OPT_RUNTIME_ARG,
  OPT_CREATE_ARG,
  OPT_AWAIT_BUNDLE,
  OPT_HOLD,
  OPT_TERMINAL,
  OPT_STDIN,
  OPT_STDIN_ONCE,
  OPT_LOG_DRIVER,
  OPT_LOG_PATH,
  OPT_LOG_OPT,
  OPT_UNMOUNT,
  OPT_REMOVE,
  OPT_STORE_LOCK,
  OPT_ID_FILE,
  OPT_FORGET,
  OPT_CLEANUP,
  OPT_TIMEOUT,
  OPT_SDNOTIFY_SOCKET,
};

static const struct option long_options[] = {
    {"id", required_argument, NULL, OPT_ID},
    {"run-dir", required_argument, NULL, OPT_RUN_DIR},
    {"bundle", required_argument, NULL, OPT_BUNDLE},
    {"exit-file", required_argument, NULL, OPT_EXIT_FILE},
    {"status-fd", required_argument, NULL, OPT_STATUS_FD},
    {"lock-fd", required_argument, NULL, OPT_LOCK_FD},
    {"client-fd", required_argument, NULL, OPT_CLIENT_FD},
    {"runtime", required_argument, NULL, OPT_RUNTIME},
    {"runtime-arg", required_argument, NULL, OPT_RUNTIME_ARG},
    {"create-arg", required_argument, NULL, OPT_CREATE_ARG},
    {"await-bundle", no_argument, NULL, OPT_AWAIT_BUNDLE},
    {"hold", no_argument, NULL, OPT_HOLD},
    {"terminal", no_argument, NULL, OPT_TERMINAL},
    {"stdin", no_argument, NULL, OPT_STDIN},
    {"stdin-once", no_argument, NULL, OPT_STDIN_ONCE},
    {"log-driver", required_argument, NULL, OPT_LOG_DRIVER},
    {"log-path", required_argument, NULL, OPT_LOG_PATH},
    {"log-opt", required_argument, NULL, OPT_LOG_OPT},
    {"unmount", required_argument, NULL, OPT_UNMOUNT},
    {"remove", required_argument, NULL, OPT_REMOVE},
    {"store-lock", required_argument, NULL, OPT_STORE_LOCK},
    {"id-file", required_argument, NULL, OPT_ID_FILE},
    {"forget", required_argument, NULL, OPT_FORGET},
    {"cleanup", required_argument, NULL, OPT_CLEANUP},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"sdnotify-socket", required_argument, NULL, OPT_SDNOTIFY_SOCKET},
    {NULL, 0, NULL, 0},
};

/* A decimal number in [low, high], else the program ends. */
static long long parse_number(const char *option, const char *text, long long low, long long high)
{
  char *end = NULL;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  if (errno || end == text || *end || value < low || value > high)
    die("--%s: invalid number \"%s\"", option, text);
  return value;
}

/* Docker's size: digits and one of b, k, m, g (also "kb", "kib"), powers of 1024. */
static long long parse_size(const char *option, const char *text)
{
  char *end = NULL;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  long long unit = 1;
  bool valid = !errno && end != text && value >= 0;
  if (valid && *end) {
    const char *units = "bkmgt";
    const char *at = strchr(units, *end | 0x20);
    valid = at && *at;
    for (const char *u = units; valid && u < at; u++)
      unit *= 1024;
    if (valid)
      end++;
    if (*end == 'i' || *end == 'I')
      end++;
    if (*end == 'b' || *end == 'B')
      end++;
  }
  if (!valid || *end || value > LLONG_MAX / unit)
    die("--%s: invalid size \"%s\"", option, text);
  return value * unit;
}

static enum log_driver parse_log_driver(const char *text)
{
  static const struct {
    const char *name;
    enum log_driver driver;
  } drivers[] = {
      {"none", LOG_NONE},         {"json-file", LOG_JSON_FILE},     {"k8s-file", LOG_K8S_FILE},
      {"journald", LOG_JOURNALD}, {"passthrough", LOG_PASSTHROUGH},
  };
  for (size_t i = 0; i < ARRAY_LENGTH(drivers); i++)
    if (!strcmp(drivers[i].name, text))
      return drivers[i].driver;
  die("--log-driver: unknown driver \"%s\"", text);
}

static void parse_log_option(struct options *options, const char *text)
{
  const char *equals = strchr(text, '=');
  if (!equals)
    die("--log-opt: \"%s\" is not KEY=VALUE", text);
  const char *value = equals + 1;
  size_t length = (size_t)(equals - text);
#define IS(key) (length == sizeof(key) - 1 && !memcmp(text, key, sizeof(key) - 1))
  if (IS("max-size"))
    options->log_max_size = !strcmp(value, "-1") ? 0 : parse_size("log-opt max-size", value);
  else if (IS("max-file"))
    options->log_max_files = (int)parse_number("log-opt max-file", value, 1, 10000);
  else if (IS("name"))
    options->log_name = value;
  else if (IS("tag"))
    options->log_tag = value;
  else
    die("--log-opt: unknown option \"%.*s\"", (int)length, text);
#undef IS
}

/* The arrays are made once, before the container is; they are as long as argv, so they can't overflow. */
static void append(struct list *list, const char *item, int argc)
{
  if (!list->items)
    list->items = must_alloc(calloc((size_t)argc + 1, sizeof *list->items));
  list->items[list->length++] = item;
}

static void check(const struct options *options)
{
  const struct {
    const char *name;
    const char *value;
  } required[] = {
      {"id", options->id},
      {"run-dir", options->run_dir},
      {"bundle", options->bundle},
      {"exit-file", options->exit_file},
      {"runtime", options->runtime},
  };
  for (size_t i = 0; i < ARRAY_LENGTH(required); i++)
    if (!required[i].value)
      die("--%s is missing", required[i].name);
  if (strlen(options->id) < 12)
    die("--id: \"%s\" is too short", options->id);
  bool file = options->log_driver == LOG_JSON_FILE || options->log_driver == LOG_K8S_FILE;
  if (file && !options->log_path)
    die("--log-path is missing");
  if (options->terminal && options->log_driver == LOG_PASSTHROUGH)
    die("--log-driver passthrough and --terminal may not be used together");
}

void options_parse(struct options *options, int argc, char **argv)
{
  *options = (struct options){.status_fd = -1, .lock_fd = -1, .client_fd = -1, .log_max_files = 1};
  opterr = 0;
  for (int name; (name = getopt_long(argc, argv, ":", long_options, NULL)) != -1;) {
    switch (name) {
    case OPT_ID: options->id = optarg; break;
    case OPT_RUN_DIR: options->run_dir = optarg; break;
    case OPT_BUNDLE: options->bundle = optarg; break;
    case OPT_EXIT_FILE: options->exit_file = optarg; break;
    case OPT_STATUS_FD: options->status_fd = (int)parse_number("status-fd", optarg, 3, INT_MAX); break;
    case OPT_LOCK_FD: options->lock_fd = (int)parse_number("lock-fd", optarg, 3, INT_MAX); break;
    case OPT_CLIENT_FD: options->client_fd = (int)parse_number("client-fd", optarg, 3, INT_MAX); break;
    case OPT_RUNTIME: options->runtime = optarg; break;
    case OPT_RUNTIME_ARG: append(&options->runtime_args, optarg, argc); break;
    case OPT_CREATE_ARG: append(&options->create_args, optarg, argc); break;
    case OPT_AWAIT_BUNDLE: options->await_bundle = true; break;
    case OPT_HOLD: options->hold = true; break;
    case OPT_TERMINAL: options->terminal = true; break;
    case OPT_STDIN: options->with_stdin = true; break;
    case OPT_STDIN_ONCE: options->stdin_once = true; break;
    case OPT_LOG_DRIVER: options->log_driver = parse_log_driver(optarg); break;
    case OPT_LOG_PATH: options->log_path = optarg; break;
    case OPT_LOG_OPT: parse_log_option(options, optarg); break;
    case OPT_UNMOUNT: append(&options->unmounts, optarg, argc); break;
    case OPT_REMOVE: append(&options->removals, optarg, argc); break;
    case OPT_STORE_LOCK: options->store_lock = optarg; break;
    case OPT_ID_FILE: options->id_file = optarg; break;
    case OPT_FORGET: options->forget = optarg; break;
    case OPT_CLEANUP: append(&options->cleanup, optarg, argc); break;
    case OPT_TIMEOUT: options->timeout_seconds = parse_number("timeout", optarg, 0, INT32_MAX); break;
    case OPT_SDNOTIFY_SOCKET: break; /* reserved by the contract */
    case ':': die("%s needs a value", argv[optind - 1]);
    default: die("unknown option %s", argv[optind - 1]);
    }
  }
  if (optind < argc)
    die("unexpected argument \"%s\"", argv[optind]);
  check(options);
}

void options_free(struct options *options)
{
  free(options->runtime_args.items);
  free(options->create_args.items);
  free(options->unmounts.items);
  free(options->removals.items);
  free(options->cleanup.items);
}
