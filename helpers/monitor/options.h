/* The monitor's command line (src/runtime/index.ts holds the contract) as plain data. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum log_driver { LOG_NONE, LOG_JSON_FILE, LOG_K8S_FILE, LOG_JOURNALD, LOG_PASSTHROUGH };

/* A list of arguments that were given one flag each; ends with NULL. */
struct list {
  const char **items;
  size_t length;
};

struct options {
  const char *id;
  const char *run_dir;
  const char *bundle;
  const char *exit_file;
  int status_fd; /* -1: none */
  int lock_fd;   /* -1: none */
  int client_fd; /* -1: none */
  const char *runtime;
  struct list runtime_args;
  struct list create_args;
  bool await_bundle;
  bool hold;
  bool terminal;
  bool with_stdin;
  bool stdin_once;
  enum log_driver log_driver;
  const char *log_path;
  long long log_max_size; /* bytes; 0: no limit */
  int log_max_files;      /* at least 1 */
  const char *log_name;   /* journald: CONTAINER_NAME */
  const char *log_tag;    /* journald: CONTAINER_TAG and SYSLOG_IDENTIFIER */
  struct list unmounts;
  struct list removals;
  const char *store_lock;
  const char *id_file; /* what --cidfile has written */
  const char *forget; /* the runtime's folder of the container, which is all that its delete would remove */
  struct list cleanup;
  long long timeout_seconds; /* 0: none */
};

/* Fills `options` from argv or ends the program (125) with a message on stderr. The strings stay argv's. */
void options_parse(struct options *options, int argc, char **argv);

/* Gives back what options_parse has taken. */
void options_free(struct options *options);
