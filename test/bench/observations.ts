import { configSchema } from '@hybrid-soak/contract/config.ts';
import type { EffectOutcome, Observation } from '@hybrid-soak/contract/sample.ts';
import type { Effect } from '@hybrid-soak/supervisor/core/effect.ts';
import type { SoakOptions } from '@hybrid-soak/supervisor/core/options.ts';

/** A soak beside a running unit, whose time is never over. */
export function options(interval_s: number): SoakOptions {
  const { policy } = configSchema.parse({}).soak;
  return {
    run_id: '00000000-0000-4000-8000-000000000000',
    ingest_mode: 'realws',
    psi_actions: 'on',
    policy: 'adaptive',
    parameters: policy,
    thresholds: {},
    duration_s: 48 * 3600,
    interval_s,
    apply: 'reload',
    leave: 'as-found',
    original_sample_every: 1,
    was_running: true,
    manager: { name: 'system', why: 'bench' },
    unit: 'hybrid-engine.service',
  };
}

/** Every effect succeeds. */
export const done = (effect: Effect): EffectOutcome => ({
  effect_id: effect.id,
  kind: effect.kind,
  ok: true,
  took_ms: 300,
  error: null,
  invocation_id: 'a',
  unit_pid: 7,
});

/** The observation after `seconds` of a host whose pressure comes for five minutes of every twenty. */
export function observation(seconds: number): Observation {
  const rounds = Math.floor(seconds / 1200);
  const high = rounds * 300 + Math.min(300, seconds % 1200);
  const share = seconds % 1200 < 300 ? 0.6 : 0.05;
  const total = Math.round((high * 0.6 + (seconds - high) * 0.05) * 1e6);
  const line = { raw: `some avg10=${share * 100}`, avg10: share * 100, avg60: 0, avg300: 0, total };
  const psi = { available: true as const, value: { some: line, full: line } };
  return {
    v: 1,
    run_id: '00000000-0000-4000-8000-000000000000',
    mono_ms: seconds * 1000,
    due: true,
    wall: new Date(1_700_000_000_000 + seconds * 1000).toISOString(),
    psi: { cpu: psi, memory: psi, io: psi },
    cgroup: {
      available: true,
      value: {
        cpu: psi,
        memory: psi,
        io: psi,
        usage_usec: total,
        nr_throttled: 0,
        throttled_usec: 0,
        memory_bytes: 50_000_000,
      },
    },
    host_cpu: { available: true, value: { busy_usec: 2 * total, cpus: 2 } },
    progress: {
      available: true,
      value: { new_rows: 500, ticks_count: seconds * 100, last_tick_ts: seconds, probe_ms: 0.2 },
    },
    heartbeat: {
      available: true,
      value: {
        pid: 7,
        invocation_id: 'a',
        last_flush_ms: seconds * 1000,
        age_ms: 300,
        frames_received: seconds * 100,
        ticks_written: seconds * 100,
        drops: 0,
        connection: 'connected to bench',
        sample_every: 1,
      },
    },
    unit: {
      available: true,
      value: {
        active_state: 'active',
        sub_state: 'running',
        result: 'success',
        main_pid: 7,
        invocation_id: 'a',
        n_restarts: 0,
        exec_main_status: null,
        exec_main_code: null,
        control_group: '/hybrid.slice/hybrid-engine.service',
      },
    },
    config: { available: true, value: { sample_every: 1 } },
    outcomes: [],
    requests: { abort: null, signal: null },
  };
}
