import { availableParallelism } from 'node:os';
import type { LoggedDecision } from '@hybrid-soak/contract/decision.ts';
import { hostPressure } from '../adapters/pressure.ts';
import type { Notes } from '../inspect/notes.ts';
import { NotWithin } from './ends.ts';
import { type LocalExchange, localExchange } from './exchange.ts';
import type { Ground } from './ground.ts';
import { type InnerSoak, innerSoak } from './inner-soak.ts';
import { busyWords, press, pressureOf } from './load.ts';
import type { ProofCode } from './proof.ts';

/** Frames a second: what a light engine gets, and the first and the last rate of its own hog. */
const LIGHT = 20;
const LAST_RATE = 2_000_000;
const firstRateOf = (quick: boolean) => (quick ? 80_000 : 20_000);
/** Neighbours' loops: each has one for every core. */
const NEIGHBOURS = 2;
/**
 * Limits of the engine's part, percent, on one core. One thread's part is at most 100/n on n cores, and what a full load has
 * of it falls with whatever else runs on the host: 15 was seen beside six busy loops, 1 at the last rung beside many. A light engine has 1.
 */
const CURABLE_LIMIT = 6;
const INCURABLE_LIMIT = 0.2;
/** The policy's times, shortened. */
const TIMES = { sustain_s: 4, cooldown_s: 4, recover_hold_s: 5, abort_after_s: 10 };
const QUICK = { ...TIMES, window_s: 4, cooldown_s: 2, recover_hold_s: 4, abort_after_s: 3 };
const timesOf = (quick: boolean) => (quick ? QUICK : TIMES);
/** Where every window is over the limit, shorter ones say the same. */
const abortTimesOf = (quick: boolean) =>
  quick ? { sustain_s: 2, window_s: 2, cooldown_s: 1, abort_after_s: 2 } : TIMES;
const timesText = (times: object) =>
  Object.entries(times)
    .map(([key, seconds]) => `${key} ${seconds}`)
    .join(', ');
/** What is proved is the CPU's: a share of the others' disk accesses may not be known here. */
const CPU_ALONE = { memory_limit: 100, io_limit: 100 };
const RUNGS = ['THROTTLE1', 'THROTTLE2', 'THROTTLE3'];
const watchedOf = (quick: boolean) => (quick ? 10 : 60);

export const ladder: ProofCode = {
  name: 'ladder',
  requirement:
    "Others' load moves nothing; the engine's own climbs a rung, is recovered from when it ends, and aborts if no rung cures it.",
  method: (quick) =>
    `Real pressure: ${NEIGHBOURS} neighbours with a loop for every core, ${busyWords(quick)}, from here to the end. Beside them a light engine (${LIGHT} frames/s, ` +
    `${watchedOf(quick)} s), then one whose local exchange doubles its rate from ${firstRateOf(quick)} frames/s until the soak climbs, then a light one again until NORMAL; ` +
    `limit of the part ${CURABLE_LIMIT} % over the number of cores (${timesText(timesOf(quick))}). ` +
    `Then another soak with a limit of ${INCURABLE_LIMIT} % over it, which no rung comes below (${timesText(abortTimesOf(quick))}).`,
  async measure(ground, notes) {
    const host = hostPressure();
    const { cpu } = host.read();
    if (!cpu.available) return notes.blocked('the ladder', cpu.why, 'boot with psi=1; kernel 4.20 or later');
    const exchange = await localExchange(ground, LIGHT);
    const neighbours = press(ground.quick, availableParallelism() * NEIGHBOURS);
    const pressure = pressureOf(ground.quick);
    try {
      await ground.until(`CPU stall time over ${pressure} %`, () => cpuSome(host) > pressure, 180, 250);
      const rate = await climbsAndRecovers(ground, notes, exchange);
      await aborts(ground, notes, exchange, rate);
    } finally {
      await neighbours.release();
      exchange.close();
    }
  },
};

function cpuSome(host: ReturnType<typeof hostPressure>): number {
  const { cpu } = host.read();
  return cpu.available ? cpu.value.some.avg10 : 0;
}

async function soakWith(ground: Ground, name: string, limit: number, times: object): Promise<InnerSoak> {
  ground.configure({
    engine: { ingest_mode: 'realws', sample_every: 1 },
    soak: { policy: { ...times, ...CPU_ALONE, cpu_limit: limit / availableParallelism() } },
  });
  ground.expect(ground.rungTexts());
  const soak = await innerSoak(ground, name, ['-d', '30m', '--interval', '1s', '--leave', 'running']);
  await soak.decided('the start of the engine', (r) => r.action === 'ENGINE_RESTARTED', 120);
  return soak;
}

/** Resolves with the rate at which the engine's own load was seen. */
async function climbsAndRecovers(ground: Ground, notes: Notes, exchange: LocalExchange): Promise<number> {
  const soak = await soakWith(ground, 'ladder', CURABLE_LIMIT, timesOf(ground.quick));
  try {
    await ground.pause(watchedOf(ground.quick) * 1000);
    lightIsLeftAlone(notes, soak.decisions());
    const { rate, climb } = await hog(soak, exchange, firstRateOf(ground.quick));
    notes.number('rate at which the engine itself was over its limit', rate, 'frames/s');
    notes.check(
      "the engine's own load climbs",
      climb.cause === 'pressure' && climb.over?.includes('cpu') === true,
      `${climb.state} at ${rate} frames/s: ${climb.reason}`,
    );
    await exchange.comeBack(LIGHT);
    const seq = climb.seq ?? 0;
    const normal = await soak.decided(
      'NORMAL after the load',
      (r) => r.action === 'ENGINE_RESTARTED' && r.state === 'NORMAL' && (r.seq ?? 0) > seq,
      300,
    );
    notes.evidence({ climb, normal });
    notes.check('NORMAL again after the load', true, `${normal.timestamp}, climbed ${climb.timestamp}`);
    return rate;
  } finally {
    await soak.kill('SIGTERM');
    notes.ran(soak.command, null, soak.said());
  }
}

function lightIsLeftAlone(notes: Notes, decisions: LoggedDecision[]): void {
  const holds = decisions.filter((r) => r.action === 'HOLD');
  const moved = decisions.filter((r) => ['ENGINE_RESTART', 'ABORT', 'THROTTLE_MAX', 'STALL'].includes(r.action));
  const moves = moved.filter((r) => r.state !== 'NORMAL' || r.action !== 'ENGINE_RESTART');
  notes.evidence({ holds, moves });
  notes.check(
    "neighbours' busy loops beside a light engine move nothing",
    moves.length === 0 && holds.every((r) => r.hold === 'ambient' || r.hold === 'progress'),
    [...moves, ...holds].map((r) => `${r.action}: ${r.reason}`).join('; ') || 'no record',
  );
}

const isClimb = (r: LoggedDecision) => r.action === 'ENGINE_RESTART' && r.state === 'THROTTLE1';

/** No rate is right for every machine: it is doubled until the pressure is seen. */
async function hog(soak: InnerSoak, exchange: LocalExchange, first: number) {
  for (let rate = first; rate <= LAST_RATE; rate *= 2) {
    await exchange.comeBack(rate);
    try {
      return { rate, climb: await soak.decided(`a climb at ${rate} frames/s`, isClimb, 40) };
    } catch (error) {
      if (!(error instanceof NotWithin)) throw error;
    }
  }
  throw new NotWithin(`a climb: not at ${LAST_RATE} frames/s either`);
}

async function aborts(ground: Ground, notes: Notes, exchange: LocalExchange, rate: number): Promise<void> {
  const soak = await soakWith(ground, 'ladder-abort', INCURABLE_LIMIT, abortTimesOf(ground.quick));
  try {
    // Far over this limit, too.
    await exchange.comeBack(ground.quick ? rate : rate * 2);
    const abort = await soak.decided('ABORT', (r) => r.action === 'ABORT', 300);
    const rungs = soak.decisions().filter((r) => r.action === 'ENGINE_RESTART' && r.state !== 'NORMAL');
    // An engine that a rung did not relieve in time may be restarted at it.
    const climbed = [...new Set(rungs.map((r) => r.state))].join(', ');
    notes.evidence({ rungs, abort });
    notes.check('it climbs to the last rung, one after another', climbed === RUNGS.join(', '), climbed);
    notes.check('where no rung cures it, it aborts', abort.cause === 'pressure', `${abort.state}: ${abort.reason}`);
  } finally {
    await soak.kill('SIGTERM');
    notes.ran(soak.command, null, soak.said());
  }
}
