/** Mistakes on the command line: exit 125, a pointer to the help of the command, and the nearest right word where there is one. */
import { SkiffError } from '../lib/errors.ts';

/** `command` is the full name ("skiff run"), printed as "See 'skiff run --help'". */
export class UsageError extends SkiffError {
  readonly command: string;
  /** The long option that the command does not have, where that is the mistake. */
  readonly unknownOption: string | undefined;
  constructor(message: string, command: string, options: { hint?: string | undefined; cause?: unknown; unknownOption?: string | undefined } = {}) {
    super('USAGE', message, options);
    this.command = command;
    this.unknownOption = options.unknownOption;
  }
}
