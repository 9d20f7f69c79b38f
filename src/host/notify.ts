/** Telling the service manager: sd_notify(3), by the protocol that its page has. */
import { log } from '../lib/log.ts';
import { sys } from './sys.ts';

/** Sends `lines` ("READY=1", …) to whoever started us and asked for it by $NOTIFY_SOCKET. Nothing where nobody did; a failure is a warning. */
export function notifyManager(lines: readonly string[]): void {
  const socket = process.env['NOTIFY_SOCKET'];
  if (socket === undefined || socket === '') return;
  try {
    sys().sendDatagram(socket, lines.join('\n'));
  } catch (error) {
    log.warn(`tell the service manager at ${JSON.stringify(socket)}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
