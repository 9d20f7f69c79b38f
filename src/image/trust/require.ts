/**
 * The gate that every image passes which comes from outside: pull and load call it before the first byte is stored. What
 * is in the store already is trusted (push, save, run), as it is by the peers.
 */
import { lstatSync, readFileSync } from 'node:fs';
import { config } from '../../host/config/index.ts';
import { SkiffError, wrap } from '../../lib/errors.ts';
import { join } from '../../lib/paths.ts';
import type { Policy, Requirement } from './policy.ts';
import { parsePolicy, requirementsFor } from './policy.ts';
import type { TrustSubject } from './subject.ts';
import { scopesOf, subjectText } from './subject.ts';

export type { TrustSubject } from './subject.ts';

/** Where the user's policy is or would be. */
export function userPolicyFile(): string {
  return join(config().configHome, 'containers', 'policy.json');
}

/**
 * The policy's file: the user's, else the system's; undefined where there is none, and then everything is accepted. One that can't be
 * looked at, or is a link to nowhere, is there all the same: reading it fails, and nothing comes in.
 */
export function policyFile(): string | undefined {
  return [userPolicyFile(), '/etc/containers/policy.json'].find((file) => {
    try {
      return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
    } catch (error) {
      throw wrap(error, 'read trust policy');
    }
  });
}

/** @throws CONFIG_INVALID, and what reading throws */
export function readPolicy(file: string): Policy {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw wrap(error, 'read trust policy');
  }
  return parsePolicy(bytes, file);
}

/**
 * Returns where the policy lets this image in; `file`: --signature-policy, in the place of the machine's.
 * @throws POLICY_REFUSED; CONFIG_INVALID where the policy can't be understood: then nothing comes in
 */
export function requireTrusted(subject: TrustSubject, file: string | undefined = policyFile()): void {
  if (file === undefined) return;
  const { requirements, scope } = requirementsFor(readPolicy(file), subject.transport, scopesOf(subject));
  for (const requirement of requirements) check(requirement, subject, scope, file);
}

function check(requirement: Requirement, subject: TrustSubject, scope: string, file: string): void {
  const data = { file, scope, type: requirement.type };
  switch (requirement.type) {
    case 'insecureAcceptAnything': return;
    case 'reject':
      throw new SkiffError('POLICY_REFUSED', `Source image rejected: Running image ${subjectText(subject)} is rejected by policy.`, {
        data, hint: `${JSON.stringify(scope)} in ${file} says so; \`skiff image trust show\` lists what is accepted`,
      });
    case 'signedBy': case 'sigstoreSigned': case 'signedBaseLayer':
      throw new SkiffError('POLICY_REFUSED', `Source image rejected: ${subjectText(subject)}: policy requires ${requirement.type}, and signatures are not yet verified by skiff`, {
        data, hint: `${JSON.stringify(scope)} in ${file} says so`,
      });
  }
}
