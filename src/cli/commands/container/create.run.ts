import { createContainer, leaveCreated } from '../../../container/create.ts';
import { checkContainer } from '../../../container/check.ts';
import { printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { createRequest } from './_create-request.ts';
import { createReplacing } from './_replace.ts';

export async function run(invocation: Invocation): Promise<void> {
  const request = createRequest(invocation);
  const context = openContext();
  const created = await createReplacing(context, request, invocation.options, (image) => createContainer(context, { request, image, check: checkContainer }));
  leaveCreated(context, created);
  printLine(created.record.ID);
}
