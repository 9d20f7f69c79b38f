#include "options.h"

#include <getopt.h>
#include <stdlib.h>

#include "die.h"

enum option_name {
  ID = 256,
  SESSION,
  PROCESS_FD,
  STDIN,
  TTY,
  DETACH_KEYS,
};

void options_parse(struct options *options, int argc, char **argv)
{
  static const struct option names[] = {
      {"id", required_argument, NULL, ID},       {"session", required_argument, NULL, SESSION},
      {"stdin", no_argument, NULL, STDIN},       {"process-fd", required_argument, NULL, PROCESS_FD},
      {"tty", no_argument, NULL, TTY},           {"detach-keys", required_argument, NULL, DETACH_KEYS},
      {NULL, 0, NULL, 0},
  };
  *options = (struct options){.process_fd = -1};
  opterr = 0;
  for (int name; (name = getopt_long(argc, argv, "+:", names, NULL)) != -1;) {
    char *end = NULL;
    switch (name) {
    case ID: options->id = optarg; break;
    case SESSION: options->session = optarg; break;
    case PROCESS_FD:
      options->process_fd = (int)strtol(optarg, &end, 10);
      if (end == optarg || *end || options->process_fd < 3)
        die("--process-fd: invalid number \"%s\"", optarg);
      break;
    case STDIN: options->with_stdin = true; break;
    case TTY: options->tty = true; break;
    case DETACH_KEYS:
      if (!detach_keys_parse(&options->detach, optarg))
        die("--detach-keys: invalid sequence \"%s\"", optarg);
      break;
    case ':': die("%s needs a value", argv[optind - 1]);
    default: die("unknown option %s", argv[optind - 1]);
    }
  }
  options->runtime = argv + optind;
  if (!options->id || !options->session || options->process_fd < 0 || optind == argc)
    die("--id, --session, --process-fd and a runtime are needed");
}
