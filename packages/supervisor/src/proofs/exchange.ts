import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Ground } from './ground.ts';

export interface Exchange {
  /** Frames a second to each client. */
  rate: number;
  close(): void;
}

/**
 * A local exchange of the installation's own, and the engine's sources pointed at it: a real WebSocket whose rate is known.
 * Its trade ids count on while somebody listens.
 */
export async function localExchange(ground: Ground, rate: number): Promise<Exchange> {
  const feed = spawn(
    join(ground.plan.root, 'packages/feed/bin/hybrid-feed'),
    ['serve', '--port', '0', '--rate', String(rate)],
    { stdio: ['ignore', 'pipe', 'ignore'], detached: true },
  );
  const line = await new Promise<string>((resolve, reject) => {
    createInterface(feed.stdout).once('line', resolve);
    feed.once('error', reject);
    feed.once('exit', (code) => reject(new Error(`hybrid-feed ended with ${code}`)));
  });
  ground.adopt(feed.pid as number);
  const { binance } = JSON.parse(line) as { binance: string };
  ground.replace(
    join(dirname(ground.plan.config), 'ws_sources.toml'),
    `[[source]]\nname = "local-exchange"\nurl = "${binance}"\npriority = 1\n`,
  );
  return { rate, close: () => void feed.kill('SIGTERM') };
}
