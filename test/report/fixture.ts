import type { Observation } from '@hybrid-soak/contract/sample.ts';

export const RUN = '0f0e0d0c-1111-2222-3333-444455556666';
export const START_MS = Date.parse('2026-03-04T05:00:00Z');
/** Text that breaks out of every place where a log's text must not be markup. */
export const EVIL = '</script><img src=x onerror="window.evil=1"><!-- \u2028 & "\' `$\u007bwindow.evil=1}`';

const wallAt = (second: number) => new Date(START_MS + second * 1000).toISOString().replace('Z', '000Z');
const line = (total: number) => ({
  raw: `some avg10=1.00 avg60=1.00 avg300=1.00 total=${total}`,
  avg10: 1,
  avg60: 1,
  avg300: 1,
  total,
});
const psi = (total: number) => ({ available: true as const, value: { some: line(total), full: line(0) } });

const MIB = 1024 * 1024;

/** A floor each 20 s, and 60 MiB/h of private memory that leak. */
function vitalsAt(second: number) {
  const at = second - (second % 20);
  const floor = { mono_ms: at * 1000, heap_bytes: 20 * MIB, private_bytes: (50 + at / 60) * MIB };
  const latency_us = { p50: 500_000, p99: 1_000_000, max: 1_100_000 };
  return { floor, descriptors: 33, threads: 11, cpu_usec: second * 20_000, latency_us };
}

/** What a supervisor sees `second` seconds into a run: cpu pressure 30 %, the engine's half of it, 100 frames a second. */
export function observationAt(second: number, over: Partial<Observation> = {}): Observation {
  const usec = second * 1e6;
  return {
    v: 1,
    due: true,
    run_id: RUN,
    mono_ms: 5000 + second * 1000,
    wall: wallAt(second),
    psi: { cpu: psi(usec * 0.3), memory: psi(0), io: psi(usec * 0.05) },
    cgroup: {
      available: true,
      value: {
        cpu: psi(usec * 0.15),
        memory: psi(0),
        io: psi(0),
        usage_usec: usec * 0.4,
        nr_throttled: 0,
        throttled_usec: 0,
        memory_bytes: 64 * 1024 * 1024,
      },
    },
    host_cpu: { available: true, value: { busy_usec: usec * 1.5, cpus: 4 } },
    progress: {
      available: true,
      value: { new_rows: 100, ticks_count: second * 100, last_tick_ts: START_MS, probe_ms: 0.1 },
    },
    heartbeat: {
      available: true,
      value: {
        pid: 7,
        invocation_id: 'abc',
        last_flush_ms: START_MS,
        age_ms: 120,
        frames_received: second * 100,
        ticks_written: second * 100,
        drops: 3,
        connection: 'connected to synthetic',
        sample_every: 1,
        vitals: vitalsAt(second),
      },
    },
    files: {
      available: true,
      value: { database_bytes: 1e6 + second * 8000, wal_bytes: 4e6, free_bytes: 1e11 },
    },
    unit: {
      available: true,
      value: {
        active_state: 'active',
        sub_state: 'running',
        result: 'success',
        main_pid: 7,
        invocation_id: 'abc',
        n_restarts: 0,
        exec_main_status: null,
        exec_main_code: null,
        control_group: '/x',
      },
    },
    config: { available: true, value: { sample_every: 1 } },
    outcomes: [],
    requests: { abort: null, signal: null },
    ...over,
  };
}

export function decisionAt(second: number, action: string, reason: string, more: Record<string, unknown> = {}) {
  return {
    timestamp: wallAt(second),
    run_id: RUN,
    seq: second + 1,
    ingest_mode: 'synthetic',
    psi_actions: 'on',
    policy: 'adaptive',
    state: 'NORMAL',
    current_sample_every: 1,
    action,
    reason,
    cpu_some_avg10: 30,
    ...more,
  };
}

function slope(signal: string, value: number | null, low: number | null, high: number | null, drift: boolean) {
  const text = value === null ? 'not enough to tell: at least 3 min more' : `+${value} MiB/h (${low} .. ${high})`;
  const of = { signal, unit: 'MiB/h', slope: value, low, high, points: 27, drift, threshold: 0.5, limit_in_h: null };
  return { ...of, text };
}

const limits = { cpu: 20, memory: 10, io: 15 };

export const DECISIONS = [
  decisionAt(0, 'STARTUP', 'manager system: the unit is there', {
    unit: 'hybrid-engine.service',
    manager: 'system',
    duration_s: 600,
    limit: limits,
    parameters: { cpu_limit: 20, window_s: 10, stall_threshold_s: 45 },
    thresholds: { max_stalls: 1 },
  }),
  decisionAt(30, 'CALIBRATED', 'measured without the engine', {
    baseline: { cpu: 30, memory: 0, io: 4 },
  }),
  decisionAt(200, 'ENGINE_RESTART', 'cpu over the limit for 10 s', {
    state: 'THROTTLE1',
    current_sample_every: 5,
    from: 'NORMAL',
    pressure: { cpu: 61.2, memory: 0, io: 4 },
    part: { cpu: 31, memory: 0, io: 1 },
    limit: limits,
  }),
  decisionAt(300, 'STALL', EVIL, { state: 'THROTTLE1', current_sample_every: 5, symbol: EVIL, stall_streak: 1 }),
  decisionAt(420, 'HOLD', 'ambient', { state: 'THROTTLE1', current_sample_every: 5, hold: 'ambient' }),
  decisionAt(600, 'COMPLETE', 'the soak ran its time'),
  decisionAt(600, 'SUMMARY', 'FAIL: threshold missed: max_stalls = 0, seen 1', {
    verdict: 'FAIL',
    exit_code: 21,
    thresholds: [{ name: 'max_stalls', limit: 0, seen: 1, ok: false }],
    duration_s: 600,
    time_per_rung_s: { NORMAL: 200, THROTTLE1: 400, THROTTLE2: 0, THROTTLE3: 0 },
    restarts: 1,
    stalls: 1,
    engine_exits: 0,
    ticks: 60_000,
    ticks_per_second: 100,
    classes_s: { unobserved: 3, over_engine: 20, fine: 577 },
    ambient_s: 12,
    completeness: {
      ...{ coverage_percent: 99.98, connected_s: 300, connected_percent: 50, trades_missing: 7, gaps_open: 1 },
      ...{ duplicates: 3, dropped: 0, failovers: 0, reconnects: 1 },
      sources: [{ name: 'main', connected_s: 300, connected_percent: 50, reconnects: 1, failovers: 0 }],
      gaps: [{ source: 'main', market: 'somewhere BTCUSDT', trades_missing: 7, gaps_open: 1 }],
    },
    drift: [
      slope('private_memory', 60, 58, 62, true),
      slope('heap', 0, -1, 1, false),
      slope('descriptors', null, null, null, false),
    ],
    pressure: { cpu: { p50: 30, p95: 61, p99: 62 }, memory: null, io: { p50: 5, p95: 5, p99: 5 } },
  }),
];

/** The end of the run before: it passed. */
export const EARLIER = decisionAt(-3600, 'SUMMARY', 'PASS: the soak ran its time', {
  ...{ run_id: 'eeee0000-1111-2222-3333-444455556666', verdict: 'PASS', exit_code: 0 },
  ...{ duration_s: 600, restarts: 1, stalls: 0, ticks_per_second: 100 },
});

export const HEADER = {
  v: 1,
  kind: 'header',
  options: { run_id: RUN, parameters: { window_s: 10 } },
  environment: { host: 'nuc', kernel: '6.8.0' },
};

const jsonl = (records: object[]) => `${records.map((record) => JSON.stringify(record)).join('\n')}\n`;

/** The two files of a run of ten minutes, for tap's testdir. */
export const runFiles = (decisions: object[] = DECISIONS) => ({
  'soak_decisions.jsonl': jsonl(decisions),
  'soak_samples.jsonl': jsonl([HEADER, ...Array.from({ length: 601 }, (_, second) => observationAt(second))]),
});
