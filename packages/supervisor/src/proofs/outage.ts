import type { LoggedDecision } from '@hybrid-soak/contract/decision.ts';
import { monotonicMs } from '../adapters/clock.ts';
import type { Notes } from '../inspect/notes.ts';
import { TOO_BUSY } from './ends.ts';
import { type LocalExchange, localExchange } from './exchange.ts';
import type { Ground } from './ground.ts';
import { hostStall } from './host-stall.ts';
import { type InnerSoak, innerSoak } from './inner-soak.ts';
import type { ProofCode } from './proof.ts';

const RATE = 50;
const BACK_WITHIN_S = 15;
/** Without the outage this long without a row would be a stall. */
const THRESHOLD_S = 10;
const awayOf = (quick: boolean) => (quick ? 18 : 90);
/** Time before the outage and after it, so that the soak ends connected. */
const aroundOf = (quick: boolean) => (quick ? 25 : 40);

export const outage: ProofCode = {
  name: 'outage',
  requirement: `An exchange that goes away is not a stall: nothing is restarted, rows come within ${BACK_WITHIN_S} s of its return, and the soak does not fail.`,
  method: (quick) =>
    `A soak of ${awayOf(quick) + aroundOf(quick)} s (stall threshold ${THRESHOLD_S} s) over a local exchange (${RATE} frames/s), which ends after the first rows ` +
    `and is back at the same address after ${awayOf(quick)} s. Read: the soak's decisions, the engine's rows, the verdict in SUMMARY.`,
  async measure(ground, notes) {
    const exchange = await localExchange(ground, RATE);
    try {
      ground.configure({
        engine: { ingest_mode: 'realws', sample_every: 1 },
        soak: { policy: { stall_threshold_s: THRESHOLD_S, stall_grace_s: 2 } },
      });
      const soak = await innerSoak(ground, 'outage', [
        ...['-d', `${awayOf(ground.quick) + aroundOf(ground.quick)}s`, '--interval', '1s', '--psi-actions', 'off'],
        ...['--leave', 'running'],
      ]);
      try {
        await goneAndBack(ground, notes, soak, exchange);
      } finally {
        await soak.kill('SIGTERM');
        notes.ran(soak.command, null, soak.said());
      }
    } finally {
      exchange.close();
    }
  },
};

async function goneAndBack(ground: Ground, notes: Notes, soak: InnerSoak, exchange: LocalExchange): Promise<void> {
  const away = awayOf(ground.quick);
  const started = await soak.decided('the start of the engine', (r) => r.action === 'ENGINE_RESTARTED', 90);
  const first = ground.scratch.lastId();
  await ground.until('rows before the outage', () => ground.scratch.lastId() > first, 120);
  await exchange.leave();
  const goneAt = monotonicMs();
  // An exchange that ends slowly is first a quiet one.
  const isOutage = (r: LoggedDecision) => r.action === 'QUIET' && r.quiet === 'disconnected';
  const quiet = await soak.decided('QUIET, disconnected', isOutage, 300);
  await ground.pause(Math.max(0, goneAt + away * 1000 - monotonicMs()));
  const before = ground.scratch.lastId();
  await exchange.comeBack();
  const backAt = monotonicMs();
  const host = hostStall();
  await ground.until('rows after the return', () => ground.scratch.lastId() > before, BACK_WITHIN_S * 3);
  const back = (monotonicMs() - backAt) / 1000;
  const busy = back > BACK_WITHIN_S && host.tooBusy();
  const summary = await soak.decided('SUMMARY', (r) => r.action === 'SUMMARY', 300);
  notes.evidence({ quiet, summary });
  notes.number('rows again after the return', back, 's');
  notes.check('QUIET names the outage', quiet.quiet === 'disconnected', `${quiet.quiet}: ${quiet.reason}`);
  const what = `rows within ${BACK_WITHIN_S} s of the return`;
  if (busy) notes.blocked(what, `${back.toFixed(1)} s: ${TOO_BUSY}`);
  else notes.check(what, back <= BACK_WITHIN_S, `${back.toFixed(1)} s`);
  checkDecisions(notes, soak.decisions(), started, summary);
}

function checkDecisions(
  notes: Notes,
  decisions: LoggedDecision[],
  started: LoggedDecision,
  summary: LoggedDecision,
): void {
  const acts = decisions.filter(
    (r) => (r.seq ?? 0) > (started.seq ?? 0) && ['STALL', 'ENGINE_RESTART', 'ABORT'].includes(r.action),
  );
  notes.check(
    'no stall and no restart by the supervisor',
    acts.length === 0,
    acts.map((r) => `${r.action}: ${r.reason}`).join('; ') || `${decisions.length} records, none of them`,
  );
  notes.check(
    'the verdict is PASS or INCONCLUSIVE',
    summary.verdict === 'PASS' || summary.verdict === 'INCONCLUSIVE',
    `${summary.verdict}: ${summary.reason}`,
  );
}
