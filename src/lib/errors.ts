/**
 * The one error of the product and the closed list of its codes. Callers branch on `code`, never on text.
 * A message reads "operation "object": cause", outermost first, no final period; the remedy, where there is one,
 * is `hint` and is printed on a line of its own.
 */

/** What went wrong, as a closed choice. A new failure either fits one of these or earns a line here. */
export type ErrorCode =
  // the command line
  | 'USAGE' // unknown flag, wrong value, missing argument
  | 'UNSUPPORTED' // a real request which this host or this version can't fulfil
  // names
  | 'IMAGE_UNKNOWN' | 'IMAGE_IN_USE' | 'IMAGE_AMBIGUOUS' | 'REFERENCE_INVALID'
  | 'CONTAINER_UNKNOWN' | 'CONTAINER_AMBIGUOUS' | 'CONTAINER_STATE' | 'NAME_IN_USE' | 'NAME_INVALID'
  | 'VOLUME_UNKNOWN' | 'NETWORK_UNKNOWN'
  // bytes from outside
  | 'ARCHIVE_INVALID' | 'ARCHIVE_TRUNCATED' | 'DIGEST_MISMATCH' | 'DIGEST_INVALID' | 'MANIFEST_INVALID' | 'CONFIG_INVALID'
  | 'TEMPLATE_INVALID'
  // registries
  | 'REGISTRY_FAILED' // it can't be reached, or answers what makes no sense
  | 'REGISTRY_UNAUTHORIZED' | 'REGISTRY_BLOCKED' | 'MANIFEST_UNKNOWN' | 'BLOB_UNKNOWN' | 'NAME_UNKNOWN' | 'POLICY_REFUSED'
  // the store and the machine
  | 'STORE_CORRUPT' | 'NO_SPACE' | 'PERMISSION' | 'NOT_FOUND' | 'EXISTS' | 'IO'
  // host abilities
  | 'USERNS_FORBIDDEN' | 'SUBID_MISSING' | 'HELPER_MISSING' | 'HELPER_FAILED' | 'CGROUP_UNAVAILABLE' | 'NETWORK_FAILED'
  | 'RUNTIME_FAILED' | 'COMMAND_NOT_FOUND' | 'COMMAND_NOT_EXECUTABLE' | 'MONITOR_FAILED'
  | 'INTERRUPTED' // by a signal that asked to stop
  | 'INTERNAL';

export interface SkiffErrorOptions {
  /** The one thing to do about it; printed as `hint: …`. Given only when evidence points to it. */
  hint?: string | undefined;
  /** Process exit code; by default 125, 126 for COMMAND_NOT_EXECUTABLE, 127 for COMMAND_NOT_FOUND. */
  exitCode?: number | undefined;
  /** Fields for programs: errno, path, syscall, names. Never secrets. */
  data?: Readonly<Record<string, unknown>> | undefined;
  cause?: unknown;
}

/** Every failure that a user may see. Anything else that reaches `main` is a bug and is printed as one. */
export class SkiffError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly exitCode: number;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: SkiffErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SkiffError';
    this.code = code;
    this.hint = options.hint ?? (options.cause instanceof SkiffError ? options.cause.hint : undefined);
    this.exitCode = options.exitCode ?? defaultExitCode(code, options.cause);
    this.data = options.data ?? {};
  }
}

function defaultExitCode(code: ErrorCode, cause: unknown): number {
  if (code === 'COMMAND_NOT_EXECUTABLE') return 126;
  if (code === 'COMMAND_NOT_FOUND') return 127;
  return cause instanceof SkiffError ? cause.exitCode : 125;
}

/** The shape of errors thrown by node:fs and by the addon. */
export interface SystemError extends Error {
  readonly code: string; // 'ENOENT'
  readonly errno?: number;
  readonly syscall?: string;
  readonly path?: string;
}

export function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && typeof (error as Partial<SystemError>).code === 'string' && 'syscall' in error;
}

/** True where `error` is a SystemError with one of these errno names. */
export function isErrno(error: unknown, ...names: string[]): boolean {
  return isSystemError(error) && names.includes(error.code);
}

/** True where `error` is a SkiffError with one of these codes. */
export function isCode(error: unknown, ...codes: ErrorCode[]): error is SkiffError {
  return error instanceof SkiffError && codes.includes(error.code);
}

const errnoCodes: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'NOT_FOUND', ENOTDIR: 'NOT_FOUND', EEXIST: 'EXISTS', ENOSPC: 'NO_SPACE', EDQUOT: 'NO_SPACE',
  EACCES: 'PERMISSION', EPERM: 'PERMISSION', EROFS: 'PERMISSION',
};

/**
 * Puts one operation in front of an error: `wrap(e, 'load "x.tar"')` reads `load "x.tar": <what e said>`.
 * A SkiffError keeps its code, hint and exit code; a SystemError gets a code by its errno; others become INTERNAL.
 */
export function wrap(error: unknown, operation: string, options: SkiffErrorOptions = {}): SkiffError {
  if (error instanceof SkiffError) {
    return new SkiffError(error.code, `${operation}: ${error.message}`, { data: error.data, ...options, cause: error });
  }
  if (isSystemError(error)) {
    const data = { errno: error.code, syscall: error.syscall, path: error.path };
    return new SkiffError(errnoCodes[error.code] ?? 'IO', `${operation}: ${describeSystemError(error)}`, { data, ...options, cause: error });
  }
  const text = error instanceof Error ? error.message : String(error);
  return new SkiffError('INTERNAL', `${operation}: ${text}`, { ...options, cause: error });
}

/** A relative path was to be made absolute, in a folder that somebody has removed. */
export function isLostFolder(error: unknown): boolean {
  return isSystemError(error) && error.syscall === 'uv_cwd';
}

/** `open "/x": no such file or directory`, without Node's "ENOENT: …, open '…'" dress. */
export function describeSystemError(error: SystemError): string {
  if (isLostFolder(error)) return 'the current folder no longer exists';
  const text = /^[A-Z0-9]+: ([^,]+)(?:,|$)/.exec(error.message)?.[1] ?? error.message;
  return `${error.syscall ?? 'call'}${error.path === undefined ? '' : ` ${JSON.stringify(error.path)}`}: ${text}`;
}

/** For the end of a `switch` over a closed choice: a missing case is a compile error. */
export function assertNever(value: never): never {
  throw new SkiffError('INTERNAL', `unexpected value ${JSON.stringify(value)}`);
}
