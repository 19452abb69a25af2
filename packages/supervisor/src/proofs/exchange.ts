import { type ChildProcess, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { monotonicMs } from '../adapters/clock.ts';
import { feedProgram } from '../adapters/root.ts';
import type { Ground } from './ground.ts';

/** An exchange that has not ended by then after SIGTERM is killed. */
const LATE_MS = 20_000;

export interface LocalExchange {
  /** Frames a second to each client. */
  rate: number;
  /** Ends the exchange: its port refuses connections. Resolves when it has ended. */
  leave(): Promise<void>;
  /** The exchange again, at the same address, with `rate` frames a second from now on. */
  comeBack(rate?: number): Promise<void>;
  close(): void;
}

/**
 * A local exchange of the installation's own, and the engine's sources pointed at it: a real WebSocket whose rate is known.
 * Its trade ids count on while somebody listens.
 */
export async function localExchange(ground: Ground, rate: number): Promise<LocalExchange> {
  let firstId = 1_000_000_000;
  let now = rate;
  let since = monotonicMs();
  let { feed, url } = await serve(ground, rate, '0', firstId);
  ground.replace(
    join(dirname(ground.plan.config), 'ws_sources.toml'),
    `[[source]]\nname = "local-exchange"\nurl = "${url}"\npriority = 1\n`,
  );
  return {
    rate,
    leave: () => ended(feed),
    async comeBack(again = rate) {
      await ended(feed);
      // An exchange goes on trading while nobody can reach it: no id comes twice.
      firstId += Math.ceil(((monotonicMs() - since) / 1000) * now) + 1;
      now = again;
      since = monotonicMs();
      ({ feed, url } = await serve(ground, again, new URL(url).port, firstId));
    },
    close: () => void feed.kill('SIGTERM'),
  };
}

interface Served {
  feed: ChildProcess;
  url: string;
}

async function serve(ground: Ground, rate: number, port: string, firstId: number): Promise<Served> {
  const feed = spawn(
    feedProgram(ground.plan.root),
    ['serve', '--port', port, '--rate', String(rate), '--first-id', String(firstId)],
    { stdio: ['ignore', 'pipe', 'ignore'], detached: true },
  );
  const line = await new Promise<string>((resolve, reject) => {
    createInterface(feed.stdout).once('line', resolve);
    feed.once('error', reject);
    feed.once('exit', (code) => reject(new Error(`hybrid-feed ended with ${code}`)));
  });
  ground.adopt(feed.pid as number);
  return { feed, url: (JSON.parse(line) as { binance: string }).binance };
}

async function ended(feed: ChildProcess): Promise<void> {
  if (feed.exitCode !== null || feed.signalCode !== null) return;
  const gone = new Promise((resolve) => feed.once('exit', resolve));
  feed.kill('SIGTERM');
  // Node may hang at its exit (nodejs/node#54918).
  const late = setTimeout(() => feed.kill('SIGKILL'), LATE_MS);
  await gone;
  clearTimeout(late);
}
