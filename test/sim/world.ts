import { available, type Reading, unavailable } from '@hybrid-soak/contract/reading.ts';
import type { EffectOutcome, Observation } from '@hybrid-soak/contract/sample.ts';
import type { Effect } from '@hybrid-soak/supervisor/core/effect.ts';
import { Engine } from './engine.ts';
import { Host } from './host.ts';
import { between, chance, type Random, seeded } from './random.ts';
import type { Scenario, Trouble } from './scenario.ts';

/** An effect that is being done: what comes of it, and when. */
interface UnderWay {
  effect: Effect;
  begun: number;
  ends: number;
  fate: 'done' | 'nothing happened' | 'left down';
  lost: boolean;
}

const EPOCH = Date.UTC(2026, 0, 1);
/** CLD_EXITED of waitid(2). */
const CLD_EXITED = 1;

/** Everything that the supervisor looks at and acts on. Times are milliseconds of the run. */
export class World {
  at = 0;
  /** `[engine] sample_every` as it stands in the file. */
  config: number | null;
  readonly engine: Engine;
  readonly host: Host;
  private readonly random: Random;
  private underWay: UnderWay[] = [];
  private rowsSeen = 0;
  private readonly scenario: Scenario;

  constructor(scenario: Scenario, seed: number) {
    this.scenario = scenario;
    this.config = scenario.options.original_sample_every;
    // Streams of their own, so that a trouble less leaves the rest of the run as it was.
    this.random = seeded(seed ^ 0x5eed);
    this.engine = new Engine(scenario, seeded(seed ^ 0xe17));
    this.host = new Host(scenario, seeded(seed ^ 0xa0b1));
  }

  /** When the next effect ends whose outcome somebody will hear of. */
  nextOutcome(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { ends, lost } of this.underWay) if (!lost) next = Math.min(next, ends);
    return next;
  }

  has(kind: Trouble['kind']): boolean {
    return this.scenario.troubles.some((t) => t.kind === kind && this.at >= t.at * 1000 && this.at < t.until * 1000);
  }

  begin(effect: Effect): void {
    const { effectFails, effectSlow, effectLost } = this.scenario;
    const ms = chance(this.random, effectSlow) ? between(this.random, 5000, 120_000) : between(this.random, 200, 3000);
    const fails = chance(this.random, effectFails);
    const fate = !fails ? 'done' : chance(this.random, 0.5) ? 'nothing happened' : 'left down';
    const lost = chance(this.random, effectLost);
    this.underWay.push({ effect, begun: this.at, ends: this.at + ms, fate, lost });
    if (fate === 'nothing happened') return;
    if (effect.kind === 'set-rung') this.config = effect.sample_every;
    if (effect.kind === 'set-rung' && effect.apply === 'reload') return;
    if (effect.kind !== 'restore') this.engine.stop(effect.kind === 'start' ? 'activating' : 'deactivating');
  }

  /** The world goes on until `to`; the outcomes are those of the effects that ended meanwhile. */
  advanceTo(to: number): EffectOutcome[] {
    const outcomes: EffectOutcome[] = [];
    while (this.at < to) {
      const end = this.host.sliceEnd(to);
      const ms = end - this.at;
      this.at = end;
      const used = this.engine.cpuUsec;
      const invocation = this.engine.invocation;
      this.engine.advance(end, ms, this.config ?? 1);
      this.host.advance(end, ms, this.engine.stall, this.engine.cpuUsec - used);
      if (this.underWay.length > 0) this.conclude(outcomes);
      if (this.engine.invocation !== invocation) this.renew();
    }
    return outcomes;
  }

  private renew(): void {
    this.engine.cpuUsec = 0;
    this.engine.throttledPeriods = 0;
    this.host.renewCgroup();
  }

  private conclude(outcomes: EffectOutcome[]): void {
    const ended = this.underWay.filter(({ ends }) => ends <= this.at);
    this.underWay = this.underWay.filter(({ ends }) => ends > this.at);
    for (const { effect, begun, fate, lost } of ended) {
      if (fate === 'done') this.apply(effect);
      else if (fate === 'left down' && effect.kind !== 'restore' && !isReload(effect)) this.engine.stop('failed');
      if (lost) continue;
      outcomes.push({
        effect_id: effect.id,
        kind: effect.kind,
        ok: fate === 'done',
        took_ms: Math.round(this.at - begun),
        error: fate === 'done' ? null : fate,
        invocation_id: this.invocationId(),
        unit_pid: this.engine.state === 'active' ? 1000 + this.engine.invocation : null,
      });
    }
  }

  private apply(effect: Effect): void {
    const { options } = this.scenario;
    if (effect.kind === 'restore') {
      this.config = options.original_sample_every;
      const running = effect.leave === 'running' || (effect.leave === 'as-found' && options.was_running);
      if (running) this.engine.start(this.at, this.config ?? 1);
      else this.engine.stop('inactive');
    } else if (effect.kind === 'stop') this.engine.stop('inactive');
    else if (isReload(effect)) this.engine.sampleEvery = effect.sample_every;
    else this.engine.start(this.at, this.config ?? 1);
  }

  private invocationId(): string | null {
    return this.engine.invocation === 0 ? null : `invocation-${this.engine.invocation}`;
  }

  observe(outcomes: EffectOutcome[], due: boolean): Observation {
    const { scenario, host, at } = this;
    const psi: () => Observation['psi']['cpu'] = () => unavailable('simulated: not there');
    const blind = this.has('no-psi');
    const { cpu, memory, io } = host.psi;
    return {
      v: 1,
      run_id: scenario.options.run_id,
      mono_ms: 1_000_000 + at,
      wall: new Date(EPOCH + at + (this.has('wall-jump') ? 7_200_000 : 0)).toISOString().replace('Z', '000Z'),
      due,
      psi: blind ? { cpu: psi(), memory: psi(), io: psi() } : { cpu: cpu.read(), memory: memory.read(), io: io.read() },
      cgroup: this.cgroup(),
      host_cpu: available({ busy_usec: host.busyUsec, cpus: host.cpus }),
      ...this.probe(),
      unit: this.unit(),
      config: available({ sample_every: this.config }),
      outcomes,
      requests: {
        abort: scenario.abortAt !== null && at >= scenario.abortAt * 1000 ? 'enough' : null,
        signal: scenario.signalAt !== null && at >= scenario.signalAt * 1000 ? 'SIGINT' : null,
      },
    };
  }

  private cgroup(): Observation['cgroup'] {
    if (!this.scenario.cgroup || this.engine.state !== 'active' || this.has('no-cgroup'))
      return unavailable('simulated: no cgroup');
    const { cpu, memory, io } = this.host.cgroupPsi;
    return available({
      cpu: cpu.read(),
      memory: memory.read(),
      io: io.read(),
      usage_usec: this.engine.cpuUsec,
      nr_throttled: this.scenario.quota === null ? null : this.engine.throttledPeriods,
      throttled_usec: null,
      memory_bytes: null,
    });
  }

  private probe(): Pick<Observation, 'progress' | 'heartbeat'> {
    if (this.has('no-progress') || this.engine.invocation === 0) {
      const why: Reading<never> = unavailable('simulated: database locked');
      return { progress: why, heartbeat: why };
    }
    const count = Math.floor(this.engine.rows);
    const new_rows = count - this.rowsSeen;
    this.rowsSeen = count;
    const last_flush_ms = EPOCH + Math.round(this.engine.lastFlush);
    return {
      progress: available({
        new_rows,
        ticks_count: count,
        last_tick_ts: count > 0 ? last_flush_ms : null,
        probe_ms: 1,
      }),
      heartbeat: available({
        pid: 1000 + this.engine.invocation,
        invocation_id: this.invocationId(),
        last_flush_ms,
        age_ms: Math.round(this.at - this.engine.lastFlush) + (this.has('wall-jump') ? 7_200_000 : 0),
        frames_received: count,
        ticks_written: count,
        drops: 0,
        connection: this.engine.connection,
        sample_every: this.engine.sampleEvery,
      }),
    };
  }

  private unit(): Observation['unit'] {
    const { engine } = this;
    return available({
      active_state: engine.state,
      sub_state: engine.autoRestarting ? 'auto-restart' : engine.state === 'active' ? 'running' : 'dead',
      result: engine.exitStatus === null ? 'success' : 'exit-code',
      main_pid: engine.state === 'active' ? 1000 + engine.invocation : 0,
      invocation_id: this.invocationId(),
      n_restarts: engine.nRestarts,
      exec_main_status: engine.exitStatus,
      exec_main_code: engine.exitStatus === null ? 0 : CLD_EXITED,
      control_group: engine.state === 'active' ? '/hybrid.slice/hybrid-engine.service' : null,
    });
  }
}

const isReload = (effect: Effect): effect is Extract<Effect, { kind: 'set-rung' }> =>
  effect.kind === 'set-rung' && effect.apply === 'reload';
