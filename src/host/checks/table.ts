/** All checks, in the order in which one thing stands on the other. */
import { SkiffError, wrap } from '../../lib/errors.ts';
import { cgroupChecks } from './cgroup.ts';
import { type Check, fail, type Verdict } from './index.ts';
import { kernelChecks } from './kernel.ts';
import { networkChecks } from './network.ts';
import { runtimeChecks } from './runtime.ts';
import { runtimeDirChecks } from './runtime-dir.ts';
import { storageChecks } from './storage.ts';

export const checks: readonly Check[] = [...kernelChecks, ...runtimeDirChecks, ...runtimeChecks, ...storageChecks, ...cgroupChecks, ...networkChecks];

/** One check's verdict. What it throws is a finding too: the test by doing has failed in a way that nobody foresaw. */
export async function runCheck(check: Check): Promise<Verdict> {
  try {
    return await check.run();
  } catch (error) {
    const known = error instanceof SkiffError ? error : wrap(error, check.title);
    return fail(known.message, known.hint);
  }
}
