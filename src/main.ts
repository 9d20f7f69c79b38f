/**
 * The entry: hands the words of the command line to cli and takes the exit code. Nothing else.
 *
 * The bundle's loader calls start(); it is a function, so that the build can load the bundle without running a command.
 */
import { main } from './cli/main.ts';

export { main };

/** Runs this process's command line. Errors are printed by main(); a rejection here is a bug of it. */
export async function start(): Promise<void> {
  process.exitCode = await main(process.argv.slice(2));
}
