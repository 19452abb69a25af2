import type { SoakPolicy } from '@hybrid-soak/contract/config.ts';
import type { LoggedDecision } from '@hybrid-soak/contract/decision.ts';
import type { Resource } from '@hybrid-soak/contract/psi.ts';
import { available, unavailable } from '@hybrid-soak/contract/reading.ts';
import type { EffectOutcome, Observation } from '@hybrid-soak/contract/sample.ts';
import type { Effect } from '@hybrid-soak/supervisor/core/effect.ts';
import type { SoakOptions } from '@hybrid-soak/supervisor/core/options.ts';
import { begin, type Step, step } from '@hybrid-soak/supervisor/core/step.ts';
import { CALM, type Conditions, OPTIONS, PARAMETERS, type Unit } from './conditions.ts';

const counters = () => ({
  cpu: 0,
  memory: 0,
  io: 0,
  cgMemory: 0,
  cgIo: 0,
  cgFull: 0,
  engine: 0,
  host: 0,
  throttled: 0,
});

/** A soak under conditions that a test sets. Effects end at the next observation. Times are seconds since its beginning. */
export class Soak {
  readonly conditions: Conditions = { ...CALM };
  readonly records: (LoggedDecision & { at: number })[] = [];
  readonly effects: Effect[] = [];
  at = 0;
  last: Step | null = null;
  private state;
  private readonly totals = counters();
  private rows = 0;
  private flushed = 0;
  private invocation = 1;
  private pending: Effect[] = [];
  private readonly interval: number;

  constructor(
    options: Partial<SoakOptions> = {},
    parameters: Partial<SoakPolicy> = {},
    conditions: Partial<Conditions> = {},
  ) {
    this.set(conditions);
    this.state = begin({ ...OPTIONS, ...options, parameters: { ...PARAMETERS, ...parameters } });
    this.interval = options.interval_s ?? OPTIONS.interval_s;
    this.observe(0);
  }

  /** Conditions from now on. */
  set(change: Partial<Conditions>): this {
    Object.assign(this.conditions, change);
    return this;
  }

  /** Observations at every interval for that many seconds; ends with the soak. */
  run(seconds: number): this {
    for (let left = seconds; left > 0 && this.last?.ending == null; left -= this.interval) this.observe(this.interval);
    return this;
  }

  /** Observations until that action is recorded; throws where it is not within an hour. */
  until(action: string): LoggedDecision & { at: number } {
    const from = this.records.length;
    for (let left = 3600; left > 0; left -= this.interval) {
      this.observe(this.interval);
      const found = this.records.slice(from).find((record) => record.action === action);
      if (found !== undefined) return found;
    }
    throw new Error(`no ${action} within an hour; last: ${this.said().slice(-5).join('; ')}`);
  }

  /** `action: reason` of the records. */
  said(action?: string): string[] {
    const wanted = this.records.filter((record) => action === undefined || record.action === action);
    return wanted.map((record) => `${record.action}: ${record.reason}`);
  }

  of(action: string): (LoggedDecision & { at: number })[] {
    return this.records.filter((record) => record.action === action);
  }

  get verdict(): string {
    return this.last?.verdict.reason ?? '';
  }

  private observe(seconds: number): void {
    this.advance(seconds);
    const { decisions } = this.take(this.observation(this.outcomes()));
    for (const { record, effect } of decisions) {
      this.records.push({ ...record, at: this.at });
      if (effect === null) continue;
      this.effects.push(effect);
      this.pending.push(effect);
    }
  }

  private take(observation: Observation): Step {
    const next = step(this.state, observation);
    this.state = next.state;
    this.last = next;
    return next;
  }

  private outcomes(): EffectOutcome[] {
    const { effects } = this.conditions;
    if (effects === null) return [];
    return this.pending.splice(0).map(({ id, kind }) => {
      if (effects === 'ok' && kind !== 'stop') this.invocation++;
      const ok = effects === 'ok';
      const error = ok ? null : 'timed out';
      return { effect_id: id, kind, ok, took_ms: 1000, error, invocation_id: `i${this.invocation}`, unit_pid: 42 };
    });
  }

  private advance(seconds: number): void {
    const { conditions: c, totals } = this;
    this.at += seconds;
    const micros = (percent: number) => seconds * percent * 10_000;
    for (const resource of ['cpu', 'memory', 'io'] as const) totals[resource] += micros(c[resource]);
    totals.cgMemory += micros(c.memory) * (c.share ?? 0);
    totals.cgIo += micros(c.io) * (c.share ?? 0);
    totals.cgFull += micros(c.cgroupFull);
    totals.engine += micros(c.engineCpu);
    totals.host += c.share === null || c.share === 0 ? micros(400) : micros(c.engineCpu) / c.share;
    totals.throttled += c.throttledPerS * seconds;
    this.rows += c.rowsPerS * seconds;
    if (c.heartbeat === true) this.flushed = this.at;
  }

  private observation(outcomes: EffectOutcome[]): Observation {
    const { conditions: c, totals } = this;
    const line = (avg10: number, total: number) => ({
      raw: `some avg10=${avg10.toFixed(2)}`,
      avg10,
      avg60: avg10,
      avg300: avg10,
      total,
    });
    const psi = (avg10: number, total: number) => available({ some: line(avg10, total), full: null });
    const host = (resource: Resource) =>
      c.blind.includes(resource) ? unavailable('Operation not supported') : psi(c[resource], totals[resource]);
    const full = line(c.cgroupFull, totals.cgFull);
    const counted = Math.floor(this.rows);
    const newRows = counted - this.counted;
    if (c.progress) this.counted = counted;
    return {
      v: 1,
      run_id: OPTIONS.run_id,
      mono_ms: this.at * 1000,
      wall: new Date(this.at * 1000).toISOString().replace('Z', '000Z'),
      due: true,
      psi: { cpu: host('cpu'), memory: host('memory'), io: host('io') },
      cgroup:
        c.share === null
          ? unavailable('no cgroup')
          : available({
              cpu: available({ some: full, full }),
              memory: psi(0, totals.cgMemory),
              io: psi(0, totals.cgIo),
              usage_usec: totals.engine,
              nr_throttled: totals.throttled,
              throttled_usec: null,
              memory_bytes: null,
            }),
      host_cpu: available({ busy_usec: totals.host, cpus: 4 }),
      progress: c.progress
        ? available({ new_rows: newRows, ticks_count: counted, last_tick_ts: 1, probe_ms: 1 })
        : unavailable('database is locked'),
      heartbeat:
        c.heartbeat === null
          ? unavailable('no heartbeat')
          : available({
              pid: c.enginePid,
              invocation_id: `i${this.invocation}`,
              last_flush_ms: this.flushed * 1000,
              age_ms: (this.at - this.flushed) * 1000,
              frames_received: counted,
              ticks_written: counted,
              drops: 0,
              connection: c.connection,
              sample_every: 1,
            }),
      unit: c.unit === null ? unavailable('systemctl timed out') : available({ ...this.unit(), ...c.unit }),
      config: available({ sample_every: 1 }),
      outcomes,
      requests: { abort: c.abort, signal: c.signal },
    };
  }

  private counted = 0;

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
