import type { ControlRequest } from '@hybrid-soak/contract/soak-request.ts';
import { jetstream } from '@nats-io/jetstream';
import {
  type NatsConnection,
  NoRespondersError,
  PermissionViolationError,
  RequestError,
  TimeoutError,
} from '@nats-io/transport-node';
import { connectToServers } from './connect.ts';
import { type ControlAnswer, controlSubject } from './control-request.ts';
import { aliveHosts } from './hosts.ts';
import type { ChosenSettings } from './settings.ts';

/** A host may wait for systemd that long, ms. */
const PATIENCE_MS = 30_000;

/** Asks a host, or every host that is alive, to start or stop a soak; true if all of them did. */
export async function ask(
  settings: ChosenSettings,
  { host, operator, request }: { host: string | null; operator: string; request: ControlRequest },
  print: (text: string) => void,
): Promise<boolean> {
  const connection = await connectToServers(settings, `hybrid-fleet soak ${request.verb}`);
  try {
    const hosts =
      host === null ? (await aliveHosts(jetstream(connection, { timeout: 5000 }))).map((one) => one.host) : [host];
    if (hosts.length === 0) print('no host is alive');
    const answers = await Promise.all(
      hosts.map(async (name) => {
        const answer = await askOne(connection, name, operator, request);
        print(`${name}: ${answer.text}`);
        return answer.ok;
      }),
    );
    return answers.length > 0 && !answers.includes(false);
  } finally {
    await connection.close();
  }
}

async function askOne(
  connection: NatsConnection,
  host: string,
  operator: string,
  request: ControlRequest,
): Promise<ControlAnswer> {
  try {
    const options = { timeout: PATIENCE_MS };
    const answer = await connection.request(controlSubject(host, operator), JSON.stringify(request), options);
    return answer.json<ControlAnswer>();
  } catch (error) {
    return { ok: false, text: whyNot(error, operator) };
  }
}

function whyNot(error: unknown, operator: string): string {
  const cause = error instanceof RequestError && error.cause !== undefined ? error.cause : error;
  if (cause instanceof NoRespondersError || (cause as Error).message.includes('no responders'))
    return 'does not answer: it does not ship under that name, or does not allow control ([fleet] allow_control)';
  if (cause instanceof PermissionViolationError)
    return `the server refuses: ${cause.message}; valid: a user that may publish to control.*.${operator}`;
  if (cause instanceof TimeoutError) return `no answer within ${PATIENCE_MS / 1000} s`;
  return (cause as Error).message;
}
