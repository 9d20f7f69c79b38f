/**
 * Driving the OCI runtime and the monitor. Duties: argv of both, the bundle on disk, the messages between them, exit
 * records. Not here: what goes into config.json (container/spec), who may start what (container/).
 * Spec read: runtime-spec 1.2 runtime.md "Lifecycle", crun(1), conmon(8) as the peer.
 *
 * ## Starting a container
 *
 *   command                          skiff-monitor                          crun                 container
 *     │ flock(run/lock) EX                │                                    │                     │
 *     │ spawn, fds: status, lock, client  │                                    │                     │
 *     ├──────────────────────────────────►│ subreaper, pipes or console socket │                     │
 *     │ mounts, writes config.json        │ (with --hold)    crun create       │                     │
 *     │                                   │ (without)        crun run --detach │                     │
 *     │                                   ├───────────────────────────────────►│ waits for config.json
 *     │   "bundle\n"                      │                                    │                     │
 *     ├──────────────────────────────────►│ its text ─────────────────────────►├────────────────────►│
 *     │   {"event":"created","pid":N}     │                                    │                     │
 *     │◄──────────────────────────────────┤ (only with --hold)                 │                     │
 *     │   network is attached; "start\n"  │                                    │                     │
 *     ├──────────────────────────────────►│ crun start ───────────────────────►│                     │
 *     │   {"event":"started","pid":N}     │  state.json written before this    │                     │
 *     │◄──────────────────────────────────┤                                    │                     │
 *     │ detach: print the id and exit;    │                                    │                     │
 *     │ attach: execve(skiff-attach)      │  logs, attach clients, OOM, resize …                     │
 *     ·                                   │  exit.json, crun delete, --remove paths, --cleanup argv, │
 *                                         │  then tells every client the exit code and ends          │
 *
 * The status channel is one SOCK_STREAM socketpair: monitor -> command one JSON object a line, readers ignore unknown members;
 * command -> monitor the lines "bundle" and "start". Where the channel closes before "bundle" (the command failed, or was killed), the
 * monitor ends the runtime, which has done nothing yet, and leaves all as it was; before "start", it kills and deletes the created
 * container and ends with no trace. Errors:
 *   {"event":"error","op":"runtime","exitCode":1,"stderr":"<tail of what the runtime said, at most 4 KiB>"}
 *   {"event":"error","op":"execve","arg":"/usr/bin/crun","errno":2}
 *
 * ## skiff-monitor's command line
 * All paths are absolute: its working directory is /.
 *   --id ID --run-dir DIR --bundle DIR --exit-file PATH --status-fd N --lock-fd N
 *   --runtime PATH [--runtime-arg ARG]...     put before the runtime's subcommand (--root …, --cgroup-manager …)
 *   [--create-arg ARG]...                     put after create/run
 *   [--await-bundle]                          wait for "bundle" before the container is made; crun is started meanwhile
 *                                             (helpers/monitor/early.h)
 *   [--hold]                                  create, report, wait for "start"
 *   [--terminal] [--stdin] [--stdin-once]     --stdin keeps the container's stdin open for clients; else /dev/null.
 *                                             --stdin-once closes it when the first client that had it leaves
 *   --log-driver json-file|k8s-file|journald|none|passthrough [--log-path P] [--log-opt K=V]...
 *   [--client-fd N]                           an already connected SOCK_SEQPACKET client (attached run: no byte is ever missed)
 *   [--unmount PATH]...                       detached once the runtime has deleted the container, before the removals
 *   [--remove PATH]...                        after the end: rename the first to a name beside it ending in ".removing", the others
 *                                             into it, in order (the plan of `run --rm`, made by storage/), and remove that
 *                                             recursively once the clients know of the end. What is mounted in there is detached, never entered
 *   [--store-lock PATH]                       taken LOCK_SH from the first rename to the end of the removal
 *   [--id-file PATH]                          goes with the removals, unless it holds something else than ID by then
 *   [--forget DIR]                            a container that has run and ended: this folder and its own cgroup are removed, and the
 *                                             runtime is not asked to delete it, unless that fails
 *   [--cleanup ARG]...                        argv run at the end, after the removals (e.g. skiff container cleanup ID)
 *   [--timeout SECONDS]                       kill after that long
 * --log-opt: max-size (bytes, or with k, m, g; -1: none), max-file; for journald name and tag. Any other key is refused.
 *   [--sdnotify-socket PATH]                  reserved
 *
 * The end, in this order: output drained into the log, `delete --force` by the runtime, --unmount, exit record, the run
 * dir (left to whoever holds its `change` lock; exit.json stays where the disk took no exit record), the run lock, --cleanup,
 * 'x' to the clients. With --remove there is no exit record: unmount and renames are done while the runtime deletes, and what was renamed is
 * removed after the 'x'. The container is gone for everyone by then; how long its blocks take to be freed is the disk's affair.
 * Its own exit code is the container's (128+n where a signal ended it), 1 where none was started: systemd judges a unit by it whose main
 * process it is. SIGTERM is sent on to the container. A monitor that is killed (SIGKILL) leaves the container running: who looks at it next
 * ends its processes (container/state.ts).
 * Where creating or starting fails, the runtime has deleted the container before the error is reported; everything else is left
 * as it was for the command to undo. Where the command is gone by then (or went before "start") the monitor clears away as at an
 * end, but for the exit record.
 *
 * ## Attach protocol (run/attach, and --client-fd): SOCK_SEQPACKET, first byte = type, at most 32 KiB a packet
 * client -> monitor (a kill needs no hello):
 *   'h' + flags byte (1 stdin, 2 stdout, 4 stderr, 8 wants exit)   hello, first packet; without it nothing is sent to the client
 *   'i' + bytes   stdin, the next one after the answer 'c': so signals and resizes never wait behind typed-ahead bytes
 *   'e'           end of stdin: with --stdin-once the container's stdin is closed (a terminal gets its end-of-file character)
 *   'w' + u16 rows + u16 cols, little endian   window size
 *   'k' + u8 signal   send the signal to the container's first process (a child of the monitor, so never to another); answer 'a'
 *   'K' + u8 signal   to all processes of its cgroup; where it has none of its own, to the first. Answer 'a'
 * monitor -> client:
 *   'r'           ready: hello was taken, output from now on is delivered
 *   '1' / '2' + bytes   stdout / stderr (with a terminal everything is '1')
 *   'c' + u8            the last 'i' has been taken: 1 = more is welcome, 0 = the container's stdin is closed
 *   'a' + i32 errno     answer to k/K: 0 = done
 *   'x' + JSON ExitRecord   the container has ended and nothing of it is to be seen any more; last packet, only to clients that asked (8)
 * A client that does not read stops the container's output (like a terminal with Ctrl-S), never loses any, and never makes the
 * monitor grow. A client that vanishes is dropped.
 *
 * ## skiff-attach's command line (helpers/attach.c)
 *   --socket-fd N | --socket PATH   [--stdin] [--tty] [--no-output] [--detach-keys HEX]   bytes of the sequence in hex; empty = none
 *   [--sig-proxy]                   catchable signals are sent on to the container instead of ending the client
 *   [--hello-sent]                  the command has already said hello on the socket
 *   [--no-stdout] [--no-stderr]     one of the two alone
 *   [--kill-unread]                 where its output can't be written (a reader that left, a full disk): SIGKILL to all processes of the
 *                                   container, and the end comes after theirs; without it the container goes on
 *   [--exit-file PATH]              where the monitor is killed: the exit code is taken from here if it was written meanwhile
 *   [--started-fd N]                (unused by default)
 * Exit code: the container's; 0 on detach; 125 where the monitor vanished or output can't be written, SIGPIPE where nobody reads it. With --tty its stdin is put in raw mode and restored on every way out.
 *
 * ## skiff-exec's command line (helpers/exec.c)
 *   --id ID --session PATH --process-fd N   [--stdin] [--tty] [--detach-keys HEX]   -- RUNTIME [ARG]...
 *   --session                       PATH.pid and PATH.console are its own files while the command starts
 *   --process-fd                    the process object, which the runtime reads through /proc
 *   --stdin                         its stdin is passed on; else the command reads nothing
 *   --tty                           the command has a terminal; stdin in raw mode as with skiff-attach
 * It runs "RUNTIME ARG... exec --detach ..." and stays with the command. Catchable signals are sent on to it, unless --stdin and --tty
 * say that keys do: then they end the client, and the command's terminal hangs up.
 * Exit code: the command's, or the runtime's where it could not start it; 0 on detach; 125 where the relay failed.
 */

/** Messages of the monitor on the status channel. */
export type MonitorEvent =
  | { event: 'created'; pid: number }
  | { event: 'started'; pid: number; startedAt: string }
  | { event: 'error'; op: 'runtime'; exitCode: number; stderr: string }
  | { event: 'error'; op: string; arg: string; errno: number };

/** First bytes of packets; the same characters stand in helpers/common/protocol.h, compared by test/unit/runtime/protocol.test.ts. */
export const packet = {
  hello: 'h', stdin: 'i', stdinEnd: 'e', resize: 'w', kill: 'k', killAll: 'K',
  ready: 'r', stdout: '1', stderr: '2', credit: 'c', answer: 'a', exit: 'x',
} as const;
export const helloFlag = { stdin: 1, stdout: 2, stderr: 4, exit: 8 } as const;
/** Largest packet in either direction, type byte included. */
export const packetMaxBytes = 32768;
