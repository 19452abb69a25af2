import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the proof of drift changes about the engine's process, from outside: nothing of it is in the engine's code. */
export interface Leaking {
  floorMs: number;
  /** Leaked every second; 0 leaks nothing. */
  mib: number;
  descriptors: number;
}

/** Low enough for a leak of seconds to come near it. */
export const DESCRIPTOR_LIMIT = 65_536;
export const DROP_IN = '90-soak-proof.conf';
const MOST = { mib: 64, descriptors: 1000, floorMs: 300_000 };

/**
 * The preload of a process that leaks: arrays in the heap of the main thread, and descriptors. The environment is inherited,
 * so it leaves every program but the engine alone. It leaks by the time that has gone by, so that late timers on a busy machine
 * leave the growth a line.
 */
const preload = ({ mib, descriptors }: Leaking): string => `import { openSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
const kept = [];
let leaked = 0;
const leak = () => {
  for (const due = performance.now() / 100; leaked < due; leaked++) {
    kept.push(Array.from({ length: ${Math.round(mib * 13_107.2)} }, Math.random));
    for (let n = 0; n < ${Math.round(descriptors / 10)}; n++) kept.push(openSync('/dev/null'));
  }
};
if (isMainThread && /packages.engine|hybrid-engine.mjs/.test(process.argv[1] ?? '')) setInterval(leak, 100).unref();
`;

/** Environment variables that make an engine collect often and, if it is to leak, load the preload first. */
export function leakEnvironment(leaking: Leaking): Record<string, string> {
  const HYBRID_FLOOR_INTERVAL_MS = String(leaking.floorMs);
  if (leaking.mib === 0 && leaking.descriptors === 0) return { HYBRID_FLOOR_INTERVAL_MS };
  const source = Buffer.from(preload(leaking)).toString('base64');
  return { HYBRID_FLOOR_INTERVAL_MS, NODE_OPTIONS: `--import=data:text/javascript;base64,${source}` };
}

/** Whether a request of another account asks for no more than the proof does. */
export function isLeaking(value: unknown): value is Leaking {
  if (typeof value !== 'object' || value === null) return false;
  const asked = value as Record<string, unknown>;
  return Object.entries(MOST).every(([key, most]) => {
    const number = asked[key];
    return typeof number === 'number' && number >= 0 && number <= most;
  });
}

/** systemd.unit(5): drop-ins below /run are gone after a boot. `folder`: a manager's folder of units. */
export function placeDropIn(folder: string, unit: string, leaking: Leaking): void {
  const place = join(folder, `${unit}.d`);
  const lines = Object.entries(leakEnvironment(leaking)).map(([key, value]) => `Environment="${key}=${value}"`);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, DROP_IN), `[Service]\nLimitNOFILE=${DESCRIPTOR_LIMIT}\n${lines.join('\n')}\n`);
}

/** The folder stays: others may have drop-ins in it. */
export function removeDropIn(folder: string, unit: string): void {
  rmSync(join(folder, `${unit}.d`, DROP_IN), { force: true });
}
