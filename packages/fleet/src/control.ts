import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { REQUESTS, type SoakRequest } from '@hybrid-soak/contract/request-file.ts';
import { type ControlRequest, controlRequestSchema } from '@hybrid-soak/contract/soak-request.ts';
import { connectToServers } from './connect.ts';
import type { ControlAnswer } from './control-request.ts';
import type { ChosenSettings } from './settings.ts';
import { Stop } from './stop.ts';
import { inboxOf, textOf, token } from './subject.ts';

export interface ControlOptions {
  settings: ChosenSettings;
  log: (text: string) => void;
  signal: AbortSignal;
}

/** Refuses to begin unless this host allows it. Throws Stop. */
export function mustAllow({ allow_control }: ChosenSettings, config: string): void {
  if (allow_control) return;
  throw new Stop(
    SOAK_EXIT.CONFIG,
    `${config}: fleet.allow_control is false; valid: true, if operators of the fleet may start and stop soaks here`,
  );
}

/** Answers operators until the signal: starts and stops soaks through systemctl(1), and leaves word of who asked. */
export async function controlSession({ settings, log, signal }: ControlOptions): Promise<void> {
  const connection = await connectToServers(settings, `hybrid-fleet control ${settings.host}`, {
    inbox: inboxOf(settings.host),
  });
  try {
    const requests = connection.subscribe(`control.${token(settings.host)}.*`);
    const stop = () => requests.unsubscribe();
    signal.addEventListener('abort', stop, { once: true });
    log(`soaks of ${settings.host} are controlled by operators of the fleet`);
    for await (const message of requests) {
      const operator = textOf(message.subject.split('.').at(-1) ?? '') ?? '?';
      const answer = answerTo(operator, message.data);
      log(`${operator}: ${answer.text}`);
      message.respond(JSON.stringify(answer));
    }
    const error = signal.aborted ? undefined : await connection.closed();
    if (!signal.aborted) throw error ?? new Error('the connection was closed');
    await connection.flush();
  } finally {
    await connection.close();
  }
}

function answerTo(operator: string, data: Uint8Array): ControlAnswer {
  let request: ControlRequest;
  try {
    request = controlRequestSchema.parse(JSON.parse(new TextDecoder().decode(data)));
  } catch {
    return { ok: false, text: 'not a request; valid: start with a duration such as 8h, or stop' };
  }
  const running = runningSoaks();
  if (request.verb === 'stop') {
    if (running.length === 0) return { ok: false, text: 'no soak runs' };
    // Restoring may take longer than the one who asks waits.
    return act(operator, 'stop', ['stop', '--no-block', ...running], `stopping ${running.join(' ')}`);
  }
  if (running.length > 0) return { ok: false, text: `${running.join(' ')} runs already` };
  const unit = request.duration === undefined ? 'soak.service' : `soak@${request.duration}.service`;
  return act(operator, 'start', ['start', unit], `started ${unit}`);
}

/** The request is there before the soak is: it reads who asked at its start, or as it is stopped. */
function act(operator: string, verb: SoakRequest['verb'], args: string[], done: string): ControlAnswer {
  const path = join(REQUESTS, `${randomUUID()}.json`);
  try {
    writeFileSync(path, JSON.stringify({ v: 1, verb, by: operator } satisfies SoakRequest), {
      flag: 'wx',
      mode: 0o640,
    });
    const { status, stderr } = systemctl(args);
    if (status === 0) return { ok: true, text: done };
    rmSync(path, { force: true });
    return { ok: false, text: `systemctl ${args.join(' ')}: ${stderr.trim().split('\n')[0] ?? ''}`.slice(0, 500) };
  } catch (error) {
    return { ok: false, text: (error as Error).message };
  }
}

const RUNNING = ['list-units', '--plain', '--no-legend', '--state=active,activating,deactivating'];

/** Units of soaks that run. */
function runningSoaks(): string[] {
  const { stdout } = systemctl([...RUNNING, 'soak.service', 'soak@*.service']);
  return stdout.split('\n').flatMap((line) => line.trim().split(/\s+/, 1)[0] || []);
}

const systemctl = (args: string[]) =>
  spawnSync('systemctl', ['--no-ask-password', ...args], { encoding: 'utf8', timeout: 20_000 });
