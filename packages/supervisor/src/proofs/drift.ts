import { readFileSync } from 'node:fs';
import type { LoggedDecision } from '@hybrid-soak/contract/decision.ts';
import type { DriftSignal } from '@hybrid-soak/contract/drift-signals.ts';
import { DESCRIPTOR_LIMIT, type Leaking, leakEnvironment } from '../adapters/proof-drop-in.ts';
import type { Notes } from '../inspect/notes.ts';
import { TOO_BUSY } from './ends.ts';
import type { Ground } from './ground.ts';
import { innerSoak } from './inner-soak.ts';
import type { ProofCode } from './proof.ts';

const RATE = 20;
const DESCRIPTORS = 100;
const LEAKING: readonly DriftSignal[] = ['heap', 'private_memory', 'descriptors'];
/** Many more floors than an interval takes: on a busy machine looks are missed. */
const planOf = (quick: boolean) =>
  quick ? { floorMs: 1000, mib: 2, floors: 40 } : { floorMs: 10_000, mib: 1, floors: 15 };
const secondsOf = (quick: boolean) => (planOf(quick).floorMs * planOf(quick).floors) / 1000;
/** Far above what an engine that has just started grows by, and far below the leak. */
const thresholdOf = (quick: boolean) => planOf(quick).mib * 900;

export const drift: ProofCode = {
  name: 'drift',
  requirement:
    'An engine that leaks memory and descriptors fails as drift, each signal found; the same engine without the leak does not.',
  method: (quick) =>
    `Two soaks of ${secondsOf(quick)} s over the engine's generator (${RATE} frames/s), a floor each ${planOf(quick).floorMs / 1000} s, threshold ` +
    `${thresholdOf(quick)} MiB/h: first with a preload (NODE_OPTIONS --import, in a drop-in of the unit) that keeps ${planOf(quick).mib} MiB and ` +
    `${DESCRIPTORS} descriptors a second, then without it. Read: drift and verdict of their SUMMARY.`,
  async measure(ground, notes) {
    ground.configure({
      engine: { ingest_mode: 'synthetic', tick_interval_ms: 1000 / RATE, sample_every: 1 },
      storage: { retain_days: 1 },
      soak: { policy: { drift_horizon_days: horizonDays(ground) } },
    });
    const { floorMs, mib } = planOf(ground.quick);
    const leaking: Leaking = { floorMs, mib, descriptors: DESCRIPTORS };
    try {
      const leaked = await soakWith(ground, notes, 'drift-leak', leaking);
      if (leaked === null) return;
      isFound(notes, leaked);
      const clean = await soakWith(ground, notes, 'drift-clean', { floorMs, mib: 0, descriptors: 0 });
      if (clean !== null) isNotFound(notes, clean);
    } finally {
      await ground.manager.stop();
      await ground.dropIn(null);
    }
  },
};

/**
 * The drop-in limits the descriptors so that the leak exhausts them soon, and a starting engine's memory does not. Without a
 * unit the limit is this process's own, and may be huge.
 */
function horizonDays({ scope }: Ground): number {
  const limit = scope === null ? ownLimit() : DESCRIPTOR_LIMIT;
  return (4 * limit) / DESCRIPTORS / 86_400;
}

/** RLIMIT_NOFILE, hard (proc_pid_limits(5)): Node raises the soft limit to it. */
function ownLimit(): number {
  const found = /^Max open files +\S+ +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  return Number(found?.[1] ?? DESCRIPTOR_LIMIT);
}

/** The SUMMARY of one soak; null if the unit cannot have the drop-in. */
async function soakWith(ground: Ground, notes: Notes, name: string, leaking: Leaking): Promise<LoggedDecision | null> {
  const failed = await ground.dropIn(leaking);
  if (failed !== null) {
    notes.blocked('the drop-in of the proof', failed, 'run it as root: sudo soak prove drift');
    return null;
  }
  const seconds = secondsOf(ground.quick);
  const args = [
    ...['-d', `${seconds}s`, '--interval', '1s', '--psi-actions', 'off', '--leave', 'stopped'],
    ...['--threshold', `max_memory_growth_mib_per_hour=${thresholdOf(ground.quick)}`],
  ];
  const soak = await innerSoak(ground, name, args, ground.scope === null ? leakEnvironment(leaking) : {});
  try {
    const summary = await soak.decided('SUMMARY', ({ action }) => action === 'SUMMARY', seconds + 180);
    notes.evidence({ soak: name, leaking, summary });
    return summary;
  } finally {
    await soak.kill('SIGTERM');
    notes.ran(soak.command, null, soak.said());
  }
}

const slopeOf = ({ drift = [] }: LoggedDecision, signal: DriftSignal) =>
  drift.find((found) => found.signal === signal)?.slope;
const textOf = ({ drift = [] }: LoggedDecision, signal: DriftSignal) =>
  drift.find((found) => found.signal === signal)?.text ?? 'not reported';

function isFound(notes: Notes, summary: LoggedDecision): void {
  for (const signal of LEAKING) {
    const found = summary.drift?.find((one) => one.signal === signal);
    if (typeof found?.slope === 'number') notes.number(`${signal} with the leak`, found.slope, found.unit);
    notes.check(`the leak of ${signal} is found`, found?.drift === true, textOf(summary, signal));
  }
  const { verdict, exit_code, reason } = summary;
  notes.check('the soak with the leak fails with 21', verdict === 'FAIL' && exit_code === 21, reason ?? '');
}

function isNotFound(notes: Notes, summary: LoggedDecision): void {
  const drifting = summary.drift?.filter((found) => found.drift) ?? [];
  const unknown = LEAKING.filter((signal) => typeof slopeOf(summary, signal) !== 'number');
  notes.check(
    'without the leak nothing drifts, and each slope is known',
    drifting.length === 0 && unknown.length === 0,
    LEAKING.map((signal) => `${signal} ${textOf(summary, signal)}`).join('; '),
  );
  const [what, reason] = ['the soak without the leak passes', summary.reason ?? ''];
  // Not a leak: looks that came too late.
  if (summary.verdict === 'INCONCLUSIVE') notes.blocked(what, `${reason}: ${TOO_BUSY}`);
  else notes.check(what, summary.verdict === 'PASS', reason);
}
