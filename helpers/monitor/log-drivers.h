/* What each log driver does with an entry. */
#pragma once
#include "log.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/*
 * Docker's json-file: {"log":"…\n","stream":"stdout","time":"2026-11-22T07:18:05.12Z"}, escaped as moby's jsonlog does it, but for
 * one thing: a byte 0xNN that is no UTF-8 is written as the lone surrogate \udcNN (the way of Python's surrogateescape), where
 * Docker writes \ufffd and loses it. Docker reads both alike, as U+FFFD; `skiff logs` gets the byte back
 * (src/container/logs/entry.ts). UTF-8 has no surrogates, so the two can't be mixed up.
 */
void json_entry(struct log_file *file, const struct log_entry *entry);

/* CRI: "2026-11-22T07:18:05.123456789Z stdout F text", P instead of F for a part of a line. Bytes are kept as they are. */
void k8s_entry(struct log_file *file, const struct log_entry *entry);

/*
 * The journal's native protocol, with Podman's fields. While the journal is away or overfull its entries are counted as
 * dropped; the first failure waits up to five seconds for it, so that a restart of journald costs no line.
 * @see systemd docs JOURNAL_NATIVE_PROTOCOL
 */
int journal_open(struct journal *journal); /* 0, or -1 with errno: there is no journal */
void journal_entry(struct journal *journal, const struct options *options, const struct log_entry *entry);
void journal_close(struct journal *journal);
