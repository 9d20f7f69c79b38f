/** What pasta and slirp4netns share: the namespace they serve. */
import { bindNetns, createNetns, removeNetns } from '../../host/netns.ts';
import { wrap } from '../../lib/errors.ts';
import { awaitFree } from '../listening.ts';
import { checkBindings } from '../ports.ts';
import { readUnprivilegedStart } from '../unprivileged-start.ts';
import type { NetworkPlan } from '../index.ts';

/** A new namespace, or the one that the runtime made for the container, bound at plan.netnsPath. @throws NETWORK_FAILED */
export function openNetns(plan: NetworkPlan): void {
  try {
    if (plan.ownerPid === undefined) createNetns(plan.netnsPath);
    else bindNetns(plan.ownerPid, plan.netnsPath);
  } catch (error) {
    throw wrap(error, 'make the network namespace');
  }
}

export function closeNetns(plan: NetworkPlan): void {
  removeNetns(plan.netnsPath);
}

/** @throws USAGE, NETWORK_FAILED that names the port */
export function checkPorts(plan: NetworkPlan): void {
  checkBindings(plan.ports, readUnprivilegedStart());
  if (plan.ports.length > 0) awaitFree(plan.ports);
}
