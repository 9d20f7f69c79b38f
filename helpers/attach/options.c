#include "options.h"

#include <getopt.h>
#include <stdlib.h>

#include "die.h"

enum option_name {
  SOCKET_FD = 256,
  SOCKET,
  STDIN,
  TTY,
  NO_OUTPUT,
  NO_STDOUT,
  NO_STDERR,
  DETACH_KEYS,
  SIG_PROXY,
  HELLO_SENT,
  STARTED_FD,
  EXIT_FILE,
  KILL_UNREAD,
};

void options_parse(struct options *options, int argc, char **argv)
{
  static const struct option names[] = {
      {"socket-fd", required_argument, NULL, SOCKET_FD}, {"socket", required_argument, NULL, SOCKET},
      {"stdin", no_argument, NULL, STDIN},               {"tty", no_argument, NULL, TTY},
      {"no-output", no_argument, NULL, NO_OUTPUT},       {"no-stdout", no_argument, NULL, NO_STDOUT},
      {"no-stderr", no_argument, NULL, NO_STDERR},       {"detach-keys", required_argument, NULL, DETACH_KEYS},
      {"sig-proxy", no_argument, NULL, SIG_PROXY},       {"hello-sent", no_argument, NULL, HELLO_SENT},
      {"started-fd", required_argument, NULL, STARTED_FD}, {"exit-file", required_argument, NULL, EXIT_FILE},
      {"kill-unread", no_argument, NULL, KILL_UNREAD},
      {NULL, 0, NULL, 0},
  };
  *options = (struct options){.socket_fd = -1};
  opterr = 0;
  for (int name; (name = getopt_long(argc, argv, ":", names, NULL)) != -1;) {
    char *end = NULL;
    switch (name) {
    case SOCKET_FD:
      options->socket_fd = (int)strtol(optarg, &end, 10);
      if (end == optarg || *end || options->socket_fd < 3)
        die("--socket-fd: invalid number \"%s\"", optarg);
      break;
    case SOCKET: options->socket_path = optarg; break;
    case STDIN: options->with_stdin = true; break;
    case TTY: options->tty = true; break;
    case NO_OUTPUT: options->no_stdout = options->no_stderr = true; break;
    case NO_STDOUT: options->no_stdout = true; break;
    case NO_STDERR: options->no_stderr = true; break;
    case DETACH_KEYS:
      if (!detach_keys_parse(&options->detach, optarg))
        die("--detach-keys: invalid sequence \"%s\"", optarg);
      break;
    case SIG_PROXY: options->sig_proxy = true; break;
    case HELLO_SENT: options->hello_sent = true; break;
    case STARTED_FD: break; /* reserved by the contract */
    case EXIT_FILE: options->exit_file = optarg; break;
    case KILL_UNREAD: options->kill_unread = true; break;
    case ':': die("%s needs a value", argv[optind - 1]);
    default: die("unknown option %s", argv[optind - 1]);
    }
  }
  if (optind < argc)
    die("unexpected argument \"%s\"", argv[optind]);
  if ((options->socket_fd < 0) == !options->socket_path)
    die("one of --socket-fd and --socket is needed");
}
