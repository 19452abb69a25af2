import { EXIT_OF_REASON } from '@hybrid-soak/contract/exit-codes.ts';
import { available, unavailable } from '@hybrid-soak/contract/reading.ts';
import type { EffectOutcome, Observation } from '@hybrid-soak/contract/sample.ts';
import type { Effect } from '@hybrid-soak/supervisor/core/effect.ts';
import { STEP_US } from './model/cpu.ts';
import { Engine } from './model/engine.ts';
import { Host, type Truth } from './model/host.ts';
import { between, chance, type Random, seeded } from './random.ts';
import type { Scenario, Trouble } from './scenario.ts';

/** An effect that is being done: what comes of it, and when at the earliest. */
interface UnderWay {
  effect: Effect;
  begun: number;
  /** `stopping` and `starting` go on as the engine does; `waiting` has only its time to wait for. */
  phase: 'stopping' | 'starting' | 'waiting';
  notBefore: number;
  fate: 'done' | 'nothing happened' | 'left down';
  lost: boolean;
}

const STEP_MS = STEP_US / 1000;
const EPOCH = Date.UTC(2026, 0, 1);
/** CLD_EXITED of waitid(2). */
const CLD_EXITED = 1;
/** TimeoutStartSec, ms. */
const START_TIMEOUT_MS = 90_000;
/** A start-up without a kept frame is over then, ms after the stop. */
const START_UP_MS = 60_000;

/** One second as it really was. */
export interface Second extends Truth {
  /** Milliseconds of the run at its end. */
  at: number;
  up: boolean;
  /** Kept frames that were committed by then, and since when rows are missing that ought to come. */
  rows: number;
  stuckSince: number | null;
  /** The engine is stopped, or has not kept its first frame within a minute of its stop. */
  starting: boolean;
  sampleEvery: number;
  /** CPU time that the engine would use at the rung found, as a multiple of what it uses now. */
  normalCost: number;
}

/** Everything that the supervisor looks at and acts on. Times are milliseconds of the run. */
export class World {
  at = 0;
  /** `[engine] sample_every` as it stands in the file. */
  config: number | null;
  readonly engine: Engine;
  readonly host: Host;
  readonly seconds: Second[] = [];
  stoppedBySomebody = 0;
  private readonly random: Random;
  private underWay: UnderWay[] = [];
  private rowsSeen = 0;
  private startUpSince: number;
  private readonly scenario: Scenario;
  private readonly stopped = new Set<Trouble>();

  constructor(scenario: Scenario, seed: number) {
    this.scenario = scenario;
    // An engine that runs already has started long ago, also if its first frame in sight is yet to come.
    this.startUpSince = scenario.options.was_running ? -START_UP_MS : 0;
    this.config = scenario.options.original_sample_every;
    // Streams of their own, so that a trouble less leaves the rest of the run as it was.
    this.random = seeded(seed ^ 0x5eed);
    this.engine = new Engine(scenario, seeded(seed ^ 0xe17));
    this.host = new Host(scenario, seed ^ 0xa0b1);
  }

  get isActing(): boolean {
    return this.underWay.length > 0;
  }

  has(kind: Trouble['kind']): boolean {
    return this.scenario.troubles.some((t) => t.kind === kind && this.at >= t.at * 1000 && this.at < t.until * 1000);
  }

  begin(effect: Effect): void {
    const { effectFails, effectSlow, effectLost } = this.scenario;
    const ms = chance(this.random, effectSlow) ? between(this.random, 5000, 90_000) : between(this.random, 50, 500);
    const fails = chance(this.random, effectFails);
    const fate = !fails ? 'done' : chance(this.random, 0.5) ? 'nothing happened' : 'left down';
    const lost = chance(this.random, effectLost);
    const way: UnderWay = { effect, begun: this.at, phase: 'waiting', notBefore: this.at + ms, fate, lost };
    this.underWay.push(way);
    if (fate === 'nothing happened') return;
    if (effect.kind === 'set-rung') this.config = effect.sample_every;
    if (isReload(effect)) return;
    if (effect.kind === 'start') this.startOf(way);
    else if (effect.kind !== 'restore') {
      this.engine.stop(this.at);
      way.phase = 'stopping';
    }
  }

  private startOf(way: UnderWay): void {
    if (way.fate === 'left down') {
      way.phase = 'waiting';
      return;
    }
    this.startEngine();
    way.phase = 'starting';
  }

  private startEngine(): void {
    this.engine.start(this.at, this.config ?? 1);
    this.host.renewCgroup();
  }

  /** The world goes on until `to` or until an outcome is there; the outcomes are those of the effects that ended. */
  advanceTo(to: number, stopAtOutcome: boolean): EffectOutcome[] {
    const outcomes: EffectOutcome[] = [];
    while (this.at < to) {
      this.at += STEP_MS;
      const truth = this.host.advance(this.at, this.engine);
      if (truth !== null) this.second(truth);
      if (this.underWay.length > 0) this.conclude(outcomes);
      if (stopAtOutcome && outcomes.length > 0) break;
    }
    return outcomes;
  }

  private second(truth: Truth): void {
    const { engine } = this;
    const invocation = engine.invocation;
    this.somebody();
    engine.turn(this.at, this.config ?? 1);
    if (engine.invocation !== invocation) this.host.renewCgroup();
    this.startUpSince = this.startsUpSince();
    this.seconds.push({
      ...truth,
      at: this.at,
      up: engine.isUp,
      rows: engine.committed,
      stuckSince: engine.stuckSince,
      starting: !engine.isUp || (engine.framesKept < 1 && this.at - this.startUpSince < START_UP_MS),
      sampleEvery: engine.sampleEvery,
      normalCost: engine.costAt(this.scenario.options.original_sample_every ?? 1) / engine.costAt(engine.sampleEvery),
    });
  }

  /** When the engine was stopped last; what somebody has stopped starts up when it is started. */
  private startsUpSince(): number {
    const up = this.seconds.at(-1)?.up ?? false;
    const stops = up && !this.engine.isUp;
    return stops || this.stopped.size > 0 || this.engine.invocation === 0 ? this.at : this.startUpSince;
  }

  /** Somebody stops the unit, and starts it again. */
  private somebody(): void {
    for (const trouble of this.scenario.troubles) {
      if (trouble.kind !== 'stopped' || this.underWay.length > 0) continue;
      if (this.at >= trouble.until * 1000 && this.stopped.delete(trouble)) {
        if (this.engine.state === 'inactive') this.startEngine();
      } else if (this.at >= trouble.at * 1000 && this.at < trouble.at * 1000 + 5000 && this.engine.state === 'active') {
        this.engine.stop(this.at);
        this.stopped.add(trouble);
        this.stoppedBySomebody++;
      }
    }
  }

  private conclude(outcomes: EffectOutcome[]): void {
    const { engine } = this;
    for (const way of this.underWay) {
      if (way.phase === 'stopping' && !engine.isUp && engine.state !== 'deactivating') {
        this.startOf(way);
      } else if (way.phase === 'starting') {
        const over = this.at - way.begun > START_TIMEOUT_MS;
        if (engine.isReady) way.phase = 'waiting';
        else if (over || engine.autoRestarting || engine.state === 'failed') {
          way.phase = 'waiting';
          way.fate = 'left down';
        }
      }
      if (way.phase !== 'waiting' || this.at < way.notBefore) continue;
      this.underWay = this.underWay.filter((other) => other !== way);
      if (way.fate === 'done') this.apply(way.effect);
      if (!way.lost) outcomes.push(this.outcome(way));
    }
  }

  private outcome({ effect, begun, fate }: UnderWay): EffectOutcome {
    return {
      effect_id: effect.id,
      kind: effect.kind,
      ok: fate === 'done',
      took_ms: Math.round(this.at - begun),
      error: fate === 'done' ? null : fate,
      invocation_id: this.invocationId(),
      unit_pid: this.engine.isUp ? 1000 + this.engine.invocation : null,
    };
  }

  private apply(effect: Effect): void {
    const { options } = this.scenario;
    if (isReload(effect)) this.engine.sampleEvery = effect.sample_every;
    if (effect.kind !== 'restore') return;
    this.config = options.original_sample_every;
    const running = effect.leave === 'running' || (effect.leave === 'as-found' && options.was_running);
    if (running) this.startEngine();
    else this.engine.stop(this.at);
  }

  private invocationId(): string | null {
    return this.engine.invocation === 0 ? null : `invocation-${this.engine.invocation}`;
  }

  /** What the per-second samples are made of. */
  sense() {
    const blind = this.has('no-psi');
    const none: Observation['psi']['cpu'] = unavailable('simulated: not there');
    const { psi, ...host } = this.host.readings();
    return {
      mono_ms: 1_000_000 + this.at,
      ...host,
      psi: blind ? { cpu: none, memory: none, io: none } : psi,
      cgroup: this.cgroup(),
      unit: this.unit(),
      ...(this.scenario.cgroup ? {} : { process: this.process() }),
    };
  }

  observe(outcomes: EffectOutcome[], due: boolean): Observation {
    const { scenario, at } = this;
    const life = this.engine.life;
    return {
      v: 1,
      run_id: scenario.options.run_id,
      wall: new Date(EPOCH + at + (this.has('wall-jump') ? 7_200_000 : 0)).toISOString().replace('Z', '000Z'),
      due,
      ...this.sense(),
      ...this.probe(),
      life:
        life === null
          ? unavailable('no life has ended yet')
          : available({
              invocation_id: `invocation-${life.invocation}`,
              end_reason: life.reason,
              exit_code: EXIT_OF_REASON[life.reason],
            }),
      config: available({ sample_every: this.config }),
      outcomes,
      requests: {
        abort: scenario.abortAt !== null && at >= scenario.abortAt * 1000 ? 'enough' : null,
        signal: scenario.signalAt !== null && at >= scenario.signalAt * 1000 ? 'SIGINT' : null,
      },
    };
  }

  private cgroup(): Observation['cgroup'] {
    const { engine, host } = this;
    if (!this.scenario.cgroup || !engine.isUp || this.has('no-cgroup') || this.has('no-share'))
      return unavailable('simulated: no cgroup');
    const { cpu, memory, io } = host.enginePsi;
    return available({
      cpu: cpu.read(),
      memory: memory.read(),
      io: io.read(),
      usage_usec: Math.round(engine.cpuUs),
      nr_throttled: engine.quota.nrThrottled,
      throttled_usec: Math.round(engine.quota.throttledUs),
      memory_bytes: Math.round(host.engineMemory),
      memory_in_use_bytes: Math.round(host.engineMemory),
      io_bytes: Math.round(host.engineIoBytes),
      io_ops: Math.round(host.engineIoOps),
    });
  }

  private process(): NonNullable<Observation['process']> {
    const { engine, host } = this;
    if (!engine.isUp || this.has('no-share')) return unavailable('simulated: no process');
    return available({
      cpu_usec: Math.round(engine.cpuUs),
      memory_bytes: Math.round(host.engineMemory),
      run_delay_usec: Math.round(host.engineWaitUs),
      io_bytes: Math.round(host.engineIoBytes),
      io_ops: Math.round(host.engineIoOps),
    });
  }

  private probe(): Pick<Observation, 'progress' | 'heartbeat'> {
    const { engine } = this;
    if (this.has('no-progress') || engine.invocation === 0) {
      const why = unavailable('simulated: database locked');
      return { progress: why, heartbeat: why };
    }
    const count = engine.committed;
    const new_rows = count - this.rowsSeen;
    this.rowsSeen = count;
    const last_flush_ms = EPOCH + Math.round(engine.lastFlush);
    return {
      progress: available({
        new_rows,
        ticks_count: count,
        last_tick_ts: count > 0 ? EPOCH + engine.lastRowAt : null,
        probe_ms: 1,
      }),
      heartbeat: available({
        pid: 1000 + engine.invocation,
        invocation_id: this.invocationId(),
        last_flush_ms,
        age_ms: Math.round(this.at - engine.lastFlush) + (this.has('wall-jump') ? 7_200_000 : 0),
        frames_received: Math.floor(engine.framesReceived),
        ticks_written: count,
        drops: 0,
        connection: engine.connected,
        connection_state: engine.connected,
        sample_every: engine.sampleEvery,
        trade_frames_kept: Math.floor(engine.framesKept),
        trade_frames_sampled_out: Math.floor(engine.framesSampledOut),
      }),
    };
  }

  private unit(): Observation['unit'] {
    const { engine } = this;
    const up = engine.isUp;
    return available({
      active_state: engine.state,
      sub_state: engine.autoRestarting ? 'auto-restart' : engine.state === 'active' ? 'running' : up ? 'start' : 'dead',
      result: engine.exitStatus === null || engine.exitStatus === 0 ? 'success' : 'exit-code',
      main_pid: up ? 1000 + engine.invocation : 0,
      invocation_id: this.invocationId(),
      n_restarts: engine.nRestarts,
      exec_main_status: engine.exitStatus,
      exec_main_code: engine.exitStatus === null ? 0 : CLD_EXITED,
      control_group: up ? '/hybrid.slice/hybrid-engine.service' : null,
    });
  }
}

const isReload = (effect: Effect): effect is Extract<Effect, { kind: 'set-rung' }> =>
  effect.kind === 'set-rung' && effect.apply === 'reload';
