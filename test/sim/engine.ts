import type { Random } from './random.ts';
import { chance } from './random.ts';
import type { Scenario, Trouble } from './scenario.ts';

export type UnitState = 'inactive' | 'activating' | 'active' | 'deactivating' | 'failed';

/** RestartSec of the unit, ms. */
const RESTART_MS = 5000;
/** How long a fresh engine takes to be connected, ms. */
const CONNECT_MS = 2000;

/** The engine and the unit that systemd keeps it in. Times are milliseconds of the run. */
export class Engine {
  state: UnitState;
  invocation = 0;
  nRestarts = 0;
  exitStatus: number | null = null;
  startedAt = 0;
  /** `sample_every` as the process that runs has read it. */
  sampleEvery: number;
  rows = 0;
  lastFlush = 0;
  cpuUsec = 0;
  throttledPeriods = 0;
  throttledAt = Number.NEGATIVE_INFINITY;
  /** `some` that it causes now, percent. */
  stall = 0;
  private autoRestartAt: number | null = null;
  private readonly suffered = new Set<Trouble>();
  private readonly scenario: Scenario;
  private readonly random: Random;

  constructor(scenario: Scenario, random: Random) {
    this.scenario = scenario;
    this.random = random;
    this.state = 'inactive';
    this.sampleEvery = scenario.options.original_sample_every ?? 1;
    if (scenario.options.was_running) this.start(0, this.sampleEvery);
  }

  start(at: number, sampleEvery: number): void {
    this.state = 'active';
    this.invocation++;
    this.startedAt = at;
    this.sampleEvery = sampleEvery;
    this.exitStatus = null;
    this.autoRestartAt = null;
    this.lastFlush = at;
  }

  stop(state: UnitState): void {
    this.state = state;
    this.autoRestartAt = null;
    this.stall = 0;
  }

  get autoRestarting(): boolean {
    return this.autoRestartAt !== null;
  }

  get connection(): string {
    return this.state === 'active' && this.lastFlush - this.startedAt >= CONNECT_MS ? 'connected' : 'connecting';
  }

  /** When the freeze began that it is in, or null. */
  frozenSince(at: number): number | null {
    if (this.state !== 'active') return null;
    for (const { kind, at: from, until, curable } of this.scenario.troubles) {
      if ((kind !== 'freeze' && kind !== 'spin') || at < from * 1000 || at >= until * 1000) continue;
      if (!curable || this.startedAt < from * 1000) return from * 1000;
    }
    return null;
  }

  advance(at: number, ms: number, config: number): void {
    if (this.autoRestartAt !== null && at >= this.autoRestartAt) {
      this.nRestarts++;
      this.start(at, config);
    }
    if (this.state !== 'active') return;
    for (const trouble of this.scenario.troubles) this.suffer(trouble, at);
    if (this.state !== 'active') return;
    this.work(at, ms);
  }

  private work(at: number, ms: number): void {
    const { scenario } = this;
    const frozen = this.frozenSince(at) !== null;
    // It makes no row and loads the host all the same, whatever the rung.
    const spins =
      frozen && scenario.troubles.some((t) => t.kind === 'spin' && at >= t.at * 1000 && at < t.until * 1000);
    const quiet = scenario.troubles.some((t) => t.kind === 'quiet' && at >= t.at * 1000 && at < t.until * 1000);
    const kept = 1 / this.sampleEvery;
    const load = 1 - scenario.elasticity + scenario.elasticity * kept;
    const grown = 1 + (scenario.leak * at) / 3_600_000;
    this.stall = spins ? 80 : frozen || quiet ? 0 : Math.min(95, scenario.engineLevel * load * grown);
    const wanted = (frozen && !spins ? 0 : 2) + this.stall * 3;
    const used = Math.min(wanted, scenario.quota ?? wanted);
    if (used < wanted) {
      this.throttledPeriods += Math.ceil(ms / 100);
      this.throttledAt = at;
    }
    this.cpuUsec += Math.round(used * ms * 10);
    if (frozen) return;
    this.lastFlush = at;
    if (!quiet && this.connection === 'connected') this.rows += (scenario.ticksPerSecond * kept * ms) / 1000;
  }

  /** An exit happens once to each process that meets it; a crash that nothing cures, to every process. */
  private suffer(trouble: Trouble, at: number): void {
    if (at < trouble.at * 1000 || at >= trouble.until * 1000 || this.suffered.has(trouble)) return;
    const code = { crash: 1, overload: 13, refused: 12 }[trouble.kind as string];
    if (code === undefined) return;
    // Long enough to be seen alive, too short for a row.
    if (trouble.kind === 'crash' && at - this.startedAt < 1000) return;
    const once = trouble.curable || (trouble.kind !== 'crash' && chance(this.random, 0.3));
    if (once) this.suffered.add(trouble);
    this.stop('failed');
    this.exitStatus = code;
    if (code === 12) return;
    this.state = 'activating';
    this.autoRestartAt = at + RESTART_MS;
  }
}
