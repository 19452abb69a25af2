import { readFileSync } from 'node:fs';
import type { LoggedDecision } from '@hybrid-soak/contract/decision.ts';
import { monotonicMs } from '../adapters/clock.ts';
import type { Notes } from '../inspect/notes.ts';
import type { Ground } from './ground.ts';
import { type InnerSoak, innerSoak, restoreInner } from './inner-soak.ts';
import { press } from './load.ts';

/** The write and the restart of a rung change are done within this time of its decision. */
const CHANGE_MS = 600;
/** A soak that acts on any CPU stall time, five times a second, so that its rung change comes soon. */
const SOAK = ['-d', '10m', '--interval', '0.2s', '--policy', 'classic', '--leave', 'stopped'];

interface Kills {
  ground: Ground;
  notes: Notes;
  before: string;
  /** The config at each rung. */
  valid: string[];
  /** From a soak's STARTUP to its first rung change, ms, as the first one took. */
  leadMs: number | null;
  unchanged: number;
  changed: number;
}

/** kill -9 of a supervisor around its first rung change, again and again: what it leaves is checked, then restored. */
export async function supervisorKilled(ground: Ground, notes: Notes, times: number): Promise<void> {
  ground.configure({
    engine: { ingest_mode: 'synthetic', tick_interval_ms: 20, sample_every: 1 },
    soak: { policy: { cpu_limit: 1 } },
  });
  const before = ground.configText();
  const valid = ground.rungTexts();
  ground.expect(valid);
  const kills: Kills = { ground, notes, before, valid, leadMs: null, unchanged: 0, changed: 0 };
  const wrong: string[] = [];
  const load = press(ground.quick);
  try {
    for (let n = 1; n <= times; n++) wrong.push(...(await killOnce(kills, n)));
  } finally {
    await load.release();
  }
  notes.number('kills of the supervisor', times, 'kills');
  notes.number('config found unchanged', kills.unchanged, 'times');
  notes.number('config found changed', kills.changed, 'times');
  notes.check(
    'config, log and restore after a kill -9 of the supervisor',
    wrong.length === 0,
    wrong.length === 0
      ? `${times} kills: the config was as before ${kills.unchanged} times and a rung's ${kills.changed} times, every line of the log is whole but a torn last one, soak restore repaired each time`
      : wrong.join('; '),
  );
}

async function killOnce(kills: Kills, n: number): Promise<string[]> {
  const { ground, notes, before, valid } = kills;
  await ground.resetCounters();
  const soak = await innerSoak(ground, 'crash', SOAK);
  try {
    await untilTheMoment(kills, soak);
  } finally {
    await soak.kill('SIGKILL');
  }
  const text = ground.configText();
  const same = text === before;
  kills[same ? 'unchanged' : 'changed']++;
  const last = soak.decisions().at(-1);
  const torn = tornLines(soak.log);
  const restored = await restoreInner(ground, soak);
  if (n === 1) notes.ran('soak restore', restored.code, restored.output);
  notes.evidence({ kill: n, last_decision: last, config: same ? 'as before' : 'of a rung', restored });
  return [
    ...(valid.includes(text) ? [] : [`kill ${n}: the config is not valid`]),
    ...(torn === 0 ? [] : [`kill ${n}: ${torn} torn lines before the last`]),
    ...(restored.code === 0 ? [] : [`kill ${n}: restore: ${restored.output}`]),
    ...(ground.configText() === before ? [] : [`kill ${n}: not restored`]),
  ];
}

/** The first kill waits for a rung change and so learns when one comes; later ones fall on either side of it. */
async function untilTheMoment(kills: Kills, soak: InnerSoak): Promise<void> {
  const { ground } = kills;
  await soak.decided('STARTUP', (r) => r.action === 'STARTUP', 180);
  const startup = monotonicMs();
  const changing = (r: LoggedDecision) => r.action === 'ENGINE_RESTART' && r.state !== 'NORMAL';
  if (kills.leadMs === null) {
    await soak.decided('a rung change', changing, 180);
    kills.leadMs = monotonicMs() - startup;
    await ground.pause(Math.random() * CHANGE_MS);
    return;
  }
  await ground.pause(Math.max(0, kills.leadMs + (Math.random() * 2 - 1) * CHANGE_MS));
}

/** Lines that are not JSON; the last one, which no newline ends, may be torn. */
function tornLines(path: string): number {
  const whole = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return whole.filter((line) => {
    try {
      JSON.parse(line);
      return false;
    } catch {
      return true;
    }
  }).length;
}
