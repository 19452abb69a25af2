import type { LoggedDecision } from '@hybrid-soak/contract/decision.ts';
import type { SoakPolicy } from '@hybrid-soak/contract/policy.ts';
import { available, unavailable } from '@hybrid-soak/contract/reading.ts';
import type { EffectOutcome, Observation, ResourcePart } from '@hybrid-soak/contract/sample.ts';
import type { Effect } from '@hybrid-soak/supervisor/core/effect.ts';
import type { SoakOptions } from '@hybrid-soak/supervisor/core/options.ts';
import { mapResources } from '@hybrid-soak/supervisor/core/per-resource.ts';
import { begin, type Step, step } from '@hybrid-soak/supervisor/core/step.ts';
import { CALM, type Conditions, OPTIONS, PARAMETERS, type Unit } from './conditions.ts';

type At = LoggedDecision & { at: number };

/**
 * A soak under conditions that a test sets. It is looked at on the interval's grid and whenever the step says that something
 * is due. Effects end a second later. Times are seconds since its beginning.
 */
export class Soak {
  readonly conditions: Conditions = { ...CALM };
  readonly records: At[] = [];
  readonly effects: Effect[] = [];
  at = 0;
  last: Step | null = null;
  private state;
  private readonly totals = { cgFull: 0, engine: 0, frames: 0, kept: 0, sampledOut: 0 };
  private rows = 0;
  private counted = 0;
  private flushed = 0;
  private invocation = 1;
  private sampleEvery: number;
  private pending: { effect: Effect; ends: number }[] = [];
  private readonly interval: number;

  constructor(
    options: Partial<SoakOptions> = {},
    parameters: Partial<SoakPolicy> = {},
    conditions: Partial<Conditions> = {},
  ) {
    this.set(conditions);
    this.state = begin({ ...OPTIONS, ...options, parameters: { ...PARAMETERS, ...parameters } });
    this.sampleEvery = options.original_sample_every ?? 1;
    this.interval = options.interval_s ?? OPTIONS.interval_s;
    this.observe(0);
  }

  /** Conditions from now on. */
  set(change: Partial<Conditions>): this {
    Object.assign(this.conditions, change);
    return this;
  }

  /** Looks for that many seconds; ends with the soak. */
  run(seconds: number): this {
    const end = this.at + seconds;
    while (this.at < end && this.last?.ending == null) this.observe(Math.min(this.next(), end) - this.at);
    return this;
  }

  /** One look after so many seconds, whatever is due: the supervisor was kept from running. */
  skip(seconds: number): this {
    this.observe(seconds);
    return this;
  }

  /** Looks until that action is recorded; throws if it is not within two hours. */
  until(action: string): At {
    const from = this.records.length;
    for (const end = this.at + 7200; this.at < end && this.last?.ending == null; ) {
      this.observe(this.next() - this.at);
      const found = this.records.slice(from).find((record) => record.action === action);
      if (found !== undefined) return found;
    }
    throw new Error(`no ${action} within two hours; last: ${this.said().slice(-5).join('; ')}`);
  }

  /** `action: reason` of the records. */
  said(action?: string): string[] {
    const wanted = this.records.filter((record) => action === undefined || record.action === action);
    return wanted.map((record) => `${record.action}: ${record.reason}`);
  }

  of(action: string): At[] {
    return this.records.filter((record) => record.action === action);
  }

  /** The rungs that were climbed to or come back to, with when. */
  rungs(): [number, string][] {
    const moved = this.records.filter((r) => r.effect === 'set-rung' && r.action === 'ENGINE_RESTART');
    return moved.map(({ at, state }) => [at, state ?? '']);
  }

  get verdict(): string {
    return this.last?.verdict.reason ?? '';
  }

  private next(): number {
    const grid = (Math.floor(this.at / this.interval + 1e-9) + 1) * this.interval;
    const due = (this.last?.verdict.look_at ?? Number.POSITIVE_INFINITY) / 1000;
    const outcome = Math.min(...this.pending.map(({ ends }) => ends), Number.POSITIVE_INFINITY);
    return Math.min(grid, Math.max(due, this.at + 0.001), this.conditions.effects === null ? grid : outcome);
  }

  private observe(seconds: number): void {
    this.advance(seconds);
    const due = Math.abs(this.at / this.interval - Math.round(this.at / this.interval)) < 1e-6;
    const next = step(this.state, this.observation(this.outcomes(), due));
    this.state = next.state;
    this.last = next;
    for (const { record, effect } of next.decisions) {
      this.records.push({ ...record, at: this.at });
      if (effect === null) continue;
      this.effects.push(effect);
      this.pending.push({ effect, ends: this.at + 1 });
    }
  }

  private outcomes(): EffectOutcome[] {
    const { effects } = this.conditions;
    const ended = effects === null ? [] : this.pending.filter(({ ends }) => ends <= this.at);
    this.pending = this.pending.filter((one) => !ended.includes(one));
    return ended.map(({ effect }) => {
      const ok = effects === 'ok';
      if (ok && effect.kind !== 'restore') this.restarted(effect);
      if (effects === 'left down' && effect.kind === 'set-rung') this.sampleEvery = effect.sample_every;
      const error = ok ? null : 'timed out';
      return {
        ...{ effect_id: effect.id, kind: effect.kind, ok, took_ms: 1000, error },
        ...{ invocation_id: `i${this.invocation}`, unit_pid: 42 },
      };
    });
  }

  private restarted(effect: Effect): void {
    if (effect.kind === 'set-rung') this.sampleEvery = effect.sample_every;
    if (effect.kind === 'set-rung' && effect.apply === 'reload') return;
    this.invocation++;
    Object.assign(this.totals, { engine: 0, frames: 0, kept: 0, sampledOut: 0 });
  }

  private advance(seconds: number): void {
    const { conditions: c, totals } = this;
    this.at = Math.round((this.at + seconds) * 1000) / 1000;
    totals.cgFull += seconds * c.cgroupFull * 10_000;
    totals.engine += seconds * (c.engineCpu ?? 0) * 10_000;
    totals.frames += seconds * c.framesPerS;
    totals.kept += seconds * (c.kept ?? 0);
    totals.sampledOut += seconds * c.sampledOut;
    this.rows += c.rowsPerS * seconds;
    if (c.heartbeat === true) this.flushed = this.at;
  }

  private observation(outcomes: EffectOutcome[], due: boolean): Observation {
    const { conditions: c } = this;
    const line = (avg10: number, total: number) => ({
      ...{ raw: `some avg10=${avg10.toFixed(2)}`, avg10, avg60: avg10, avg300: avg10, total },
    });
    const full = line(c.cgroupFull, this.totals.cgFull);
    const flat = available({ some: full, full });
    return {
      v: 1,
      run_id: OPTIONS.run_id,
      mono_ms: this.at * 1000,
      wall: new Date(this.at * 1000).toISOString().replace('Z', '000Z'),
      due,
      psi: mapResources((r) =>
        c.blind.includes(r)
          ? unavailable('Operation not supported')
          : available({ some: line(c[r], this.at * c[r] * 10_000), full: null }),
      ),
      parts: mapResources((r) => this.part(r)),
      cgroup:
        c.engineCpu === null
          ? unavailable('no cgroup')
          : available({
              ...{ cpu: flat, memory: flat, io: flat, usage_usec: this.totals.engine },
              ...{ nr_throttled: null, throttled_usec: null, memory_bytes: null },
            }),
      host_cpu: available({ busy_usec: this.at * 4_000_000, cpus: 4 }),
      ...this.probe(),
      unit: c.unit === null ? unavailable('systemctl timed out') : available({ ...this.unit(), ...c.unit }),
      ...(c.life === null ? {} : { life: available(c.life) }),
      config: available({ sample_every: this.sampleEvery }),
      outcomes,
      requests: { abort: c.abort, signal: c.signal },
    };
  }

  private part(resource: 'cpu' | 'memory' | 'io'): ResourcePart {
    const { conditions: c } = this;
    if (c.blind.includes(resource)) return { pressure: null, share: null, part: null, before_quota: null };
    const pressure = c[resource];
    if (c.share === null) return { pressure, share: null, part: null, before_quota: null };
    const before_quota = pressure * c.share;
    const part = resource === 'cpu' ? Math.max(0, before_quota - c.quota) : before_quota;
    return { pressure, share: c.share * 100, part, before_quota };
  }

  private probe(): Pick<Observation, 'progress' | 'heartbeat'> {
    const { conditions: c, totals } = this;
    const rows = Math.floor(this.rows);
    const new_rows = rows - this.counted;
    if (c.progress === true) this.counted = rows;
    return {
      progress:
        c.progress === true
          ? available({ new_rows, ticks_count: rows, last_tick_ts: 1, probe_ms: 1 })
          : unavailable(`${c.progress}: no rows`, c.progress),
      heartbeat:
        c.heartbeat === null
          ? unavailable('no heartbeat')
          : available({
              pid: c.enginePid,
              invocation_id: c.unit?.invocation_id ?? `i${this.invocation}`,
              last_flush_ms: this.flushed * 1000,
              age_ms: (this.at - this.flushed) * 1000,
              frames_received: Math.floor(totals.frames),
              ticks_written: rows,
              drops: c.drops,
              connection: c.connection,
              connection_state: c.connection,
              sample_every: c.samples ?? this.sampleEvery,
              vitals: c.vitals,
              ...(c.kept === null
                ? {}
                : {
                    trade_frames_kept: Math.floor(totals.kept),
                    trade_frames_sampled_out: Math.floor(totals.sampledOut),
                  }),
            }),
    };
  }

  private unit(): Unit {
    return {
      active_state: 'active',
      sub_state: 'running',
      result: 'success',
      main_pid: 42,
      invocation_id: `i${this.invocation}`,
      n_restarts: 0,
      exec_main_status: null,
      exec_main_code: 0,
      control_group: '/engine',
    };
  }
}
