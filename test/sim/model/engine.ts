import { type EndReason, EXIT_OF_REASON } from '@hybrid-soak/contract/exit-codes.ts';
import { between, chance, type Random } from '../random.ts';
import type { Scenario, Trouble } from '../scenario.ts';
import { STEP_US } from './cpu.ts';
import { Quota } from './quota.ts';
import { levelOf } from './wave.ts';

export type UnitState = 'inactive' | 'activating' | 'active' | 'deactivating' | 'failed';

/** RestartSec of the unit, ms. */
const RESTART_MS = 5000;
/** How much of the start-up is done when the process reports READY=1, and when it writes its first heartbeat. */
const READY_AT = 0.7;
const BEATS_AT = 0.4;
/** Frames that the socket and the queue hold, seconds of the market's rate; what comes beyond is not received. */
const BACKLOG_S = 2;
/** The engine's own deadline for a network that is away, ms; then it exits with 10. */
const NETWORK_DEADLINE_MS = 300_000;
const MIN_FRAME_US = 1;

/** The engine and the unit that systemd keeps it in: work per received and per kept frame, a start-up that costs CPU time. */
export class Engine {
  state: UnitState = 'inactive';
  invocation = 0;
  nRestarts = 0;
  exitStatus: number | null = null;
  life: { invocation: number; reason: EndReason } | null = null;
  /** Exits that nobody asked for. */
  readonly exits: { at: number; reason: EndReason }[] = [];
  sampleEvery: number;
  startedAt = 0;
  cpuUs = 0;
  quota: Quota;
  framesReceived = 0;
  framesKept = 0;
  framesSampledOut = 0;
  rows = 0;
  committed = 0;
  lastFlush = 0;
  lastRowAt = 0;
  connected: 'starting' | 'connected' | 'disconnected' | 'stopped' = 'stopped';
  /** Since when a kept frame has made no row, or its loop does not run at all; null while all is well. */
  stuckSince: number | null = null;
  private startupLeftUs = 0;
  private doneAt: number | null = null;
  private awaySince: number | null = null;
  private autoRestartAt: number | null = null;
  private downAt: number | null = null;
  private pendingFrames = 0;
  /** Of the present step. */
  threads = 1;
  wantUs = 0;
  private framesUs = 0;
  private now = { freeze: false, spin: false, quiet: false, rate: 0, extraCpus: 0, keepUs: 0, frameUs: 1 };
  private readonly suffered = new Set<Trouble>();
  private readonly scenario: Scenario;
  private readonly random: Random;

  constructor(scenario: Scenario, random: Random) {
    this.scenario = scenario;
    this.random = random;
    this.quota = new Quota(scenario.engine.quota);
    this.sampleEvery = scenario.options.original_sample_every ?? 1;
    if (!scenario.options.was_running) return;
    this.start(0, this.sampleEvery);
    this.startupLeftUs = 0;
    this.look(0);
    this.state = 'active';
    this.doneAt = 0;
    this.connected = 'connected';
  }

  get autoRestarting(): boolean {
    return this.autoRestartAt !== null;
  }

  get isUp(): boolean {
    return this.state === 'active' || (this.state === 'activating' && !this.autoRestarting);
  }

  get beats(): boolean {
    const { startup_cpu_s } = this.scenario.engine;
    return this.isUp && this.startupLeftUs <= startup_cpu_s * 1e6 * (1 - BEATS_AT);
  }

  /** Whether the start that was begun has come to READY=1. */
  get isReady(): boolean {
    return this.state === 'active';
  }

  start(at: number, sampleEvery: number): void {
    this.state = 'activating';
    this.invocation++;
    this.startedAt = at;
    this.sampleEvery = sampleEvery;
    this.exitStatus = null;
    this.autoRestartAt = null;
    this.downAt = null;
    this.startupLeftUs = this.scenario.engine.startup_cpu_s * 1e6;
    this.doneAt = null;
    this.awaySince = null;
    this.connected = 'starting';
    this.cpuUs = 0;
    this.quota = new Quota(this.scenario.engine.quota);
    this.framesReceived = 0;
    this.framesKept = 0;
    this.framesSampledOut = 0;
    // What was kept and not committed is lost with the process; the next one counts to its first kept frame from 0.
    this.rows = this.committed;
    this.pendingFrames = 0;
    this.stuckSince = null;
  }

  /** SIGTERM: what was kept is committed, if its loop still runs; the process is gone after a while. */
  stop(at: number): void {
    if (this.isUp) {
      this.state = 'deactivating';
      this.downAt = at + this.scenario.engine.stop_ms;
      if (this.stuckSince === null) this.committed = Math.floor(this.rows);
    } else this.state = 'inactive';
    this.autoRestartAt = null;
    this.connected = 'stopped';
  }

  /** Ends without being asked to. */
  end(at: number, reason: EndReason): void {
    this.life = { invocation: this.invocation, reason };
    this.exitStatus = EXIT_OF_REASON[reason];
    this.exits.push({ at, reason });
    this.connected = 'stopped';
    this.stuckSince = null;
    const stays = reason === 'config' || this.exitStatus === 0;
    this.state = reason === 'config' ? 'failed' : stays ? 'inactive' : 'activating';
    this.autoRestartAt = stays ? null : at + RESTART_MS;
  }

  /** Once a second: what goes wrong, and the beginnings and ends of its states. */
  turn(at: number, config: number): void {
    if (this.downAt !== null && at >= this.downAt) {
      this.state = 'inactive';
      this.life = { invocation: this.invocation, reason: 'signal' };
      this.exitStatus = 0;
      this.downAt = null;
    }
    if (this.autoRestartAt !== null && at >= this.autoRestartAt) {
      this.nRestarts++;
      this.start(at, config);
    }
    this.look(at);
    if (!this.isUp) return;
    for (const trouble of this.scenario.troubles) this.suffer(trouble, at);
    if (!this.isUp) return;
    this.connect(at);
    this.watch(at);
    this.flush(at);
  }

  private connect(at: number): void {
    if (this.startupLeftUs > this.scenario.engine.startup_cpu_s * 1e6 * (1 - READY_AT)) return;
    if (this.state === 'activating') this.state = 'active';
    if (this.startupLeftUs > 0) return;
    this.doneAt ??= at;
    if (at - this.doneAt < this.scenario.engine.connect_ms) return;
    const away = this.has('away', at);
    this.connected = away ? 'disconnected' : 'connected';
    if (!away) this.awaySince = null;
    else this.awaySince ??= at;
    if (this.awaySince !== null && at - this.awaySince >= NETWORK_DEADLINE_MS) this.end(at, 'network');
  }

  private watch(at: number): void {
    // A wedge shows at the first frame that is kept in it: while all are sampled out, no row is missing.
    const stuck = this.isFrozen(at) || (this.has('wedge', at, true) && Math.floor(this.rows) > this.committed);
    this.stuckSince = stuck ? (this.stuckSince ?? at) : null;
  }

  /** Each second the writer commits; a frozen main thread writes no heartbeat. */
  private flush(at: number): void {
    if (!this.beats || this.isFrozen(at)) return;
    this.lastFlush = at;
    if (this.has('wedge', at, true)) return;
    const rows = Math.floor(this.rows);
    if (rows > this.committed) this.lastRowAt = at;
    this.committed = rows;
  }

  isFrozen(at: number): boolean {
    return this.has('freeze', at, true) || this.has('spin', at, true);
  }

  /** `cured`: a restart within the trouble ends it, if it can. */
  private has(kind: Trouble['kind'], at: number, cured = false): boolean {
    return this.scenario.troubles.some(
      (t) =>
        t.kind === kind &&
        at >= t.at * 1000 &&
        at < t.until * 1000 &&
        !(cured && t.curable && this.startedAt >= t.at * 1000),
    );
  }

  /** Frames arrive for the step that begins; `threads` of it then want `wantUs` each. */
  prepare(): void {
    this.threads = 1;
    this.wantUs = 0;
    this.framesUs = 0;
    if (!this.isUp) return;
    if (this.startupLeftUs > 0) {
      this.wantUs = Math.min(this.startupLeftUs, STEP_US);
      return;
    }
    if (this.now.freeze) return;
    const { engine } = this.scenario;
    if (!this.now.spin) {
      if (this.connected === 'connected' && !this.now.quiet) this.arrive();
      this.framesUs = this.pendingFrames * this.now.frameUs;
    }
    const all = engine.base_us_per_s * (STEP_US / 1e6) + this.now.extraCpus * STEP_US + this.framesUs;
    this.threads = Math.max(1, Math.min(engine.threads, Math.ceil(all / STEP_US)));
    this.wantUs = Math.min(STEP_US, all / this.threads);
    // What one step cannot do: each kind of work gets its part of what it can.
    this.framesUs *= (this.wantUs * this.threads) / all;
  }

  private arrive(): void {
    const perStep = (this.now.rate * STEP_US) / 1e6;
    const whole = perStep > 3 ? perStep * between(this.random, 0.7, 1.3) : poisson(this.random, perStep);
    this.pendingFrames = Math.min(this.pendingFrames + whole, this.scenario.engine.rate * BACKLOG_S + 10);
  }

  /** CPU time it wants at that sampling, µs a second. */
  costAt(sampleEvery: number): number {
    const { engine } = this.scenario;
    const { rate, extraCpus, keepUs } = this.now;
    return engine.base_us_per_s + extraCpus * 1e6 + rate * (engine.receive_us + keepUs / sampleEvery);
  }

  private look(at: number): void {
    const { engine, hogs } = this.scenario;
    const second = at / 1000;
    const spin = this.has('spin', at, true);
    let factor = 1;
    let extraCpus = spin ? engine.threads : 0;
    for (const hog of hogs) {
      if (second < hog.at || second >= hog.until) continue;
      if (hog.kind === 'frames') factor *= hog.factor;
      else extraCpus += hog.factor;
    }
    this.now = {
      freeze: this.has('freeze', at, true),
      spin,
      quiet: this.has('quiet', at),
      rate: engine.rate * levelOf(engine.wave, second),
      extraCpus,
      keepUs: engine.keep_us * factor,
      // The average at the present sampling.
      frameUs: Math.max(MIN_FRAME_US, engine.receive_us + (engine.keep_us * factor) / this.sampleEvery),
    };
  }

  /** The step is over: what the CPU time it got has done. */
  ran(usedUs: number): void {
    this.cpuUs += usedUs;
    if (this.startupLeftUs > 0) {
      this.startupLeftUs = Math.max(0, this.startupLeftUs - usedUs);
      return;
    }
    const wanted = this.wantUs * this.threads;
    const done = wanted > 0 ? Math.min(this.pendingFrames, (this.framesUs * (usedUs / wanted)) / this.now.frameUs) : 0;
    this.pendingFrames -= done;
    this.framesReceived += done;
    this.framesKept += done / this.sampleEvery;
    this.framesSampledOut += done - done / this.sampleEvery;
    this.rows += done / this.sampleEvery;
  }

  /** An exit happens once to each process that meets it; one that nothing cures, to every process. */
  private suffer(trouble: Trouble, at: number): void {
    const reason = ENDS[trouble.kind];
    if (
      !this.isUp ||
      reason === undefined ||
      at < trouble.at * 1000 ||
      at >= trouble.until * 1000 ||
      this.suffered.has(trouble)
    )
      return;
    // Long enough to be seen alive, too short for a row.
    if (at - this.startedAt < 1000) return;
    if (trouble.curable || reason === 'config' || (reason !== 'crash' && chance(this.random, 0.3)))
      this.suffered.add(trouble);
    this.end(at, reason);
  }
}

const ENDS: Partial<Record<Trouble['kind'], EndReason>> = {
  crash: 'crash',
  overload: 'overload',
  refused: 'config',
};

function poisson(random: Random, mean: number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}
