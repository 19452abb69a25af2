import { type Psi, RESOURCES } from '@hybrid-soak/contract/psi.ts';
import type { Reading } from '@hybrid-soak/contract/reading.ts';
import type { Observation, Parts, ResourcePart } from '@hybrid-soak/contract/sample.ts';
import { mapResources, type PerResource } from '../per-resource.ts';

/** What one sample is taken from: fields of the observation, or the same sensors read between two observations. */
export type Sensed = Pick<
  Observation,
  'mono_ms' | 'psi' | 'cgroup' | 'host_cpu' | 'host_io' | 'host_memory' | 'process' | 'unit'
>;

/** Totals at one moment; null if a sensor was blind. Times are microseconds. */
interface Sample {
  mono: number;
  /** The engine's process: no interval spans two of them. */
  life: string | null;
  pressure: PerResource<number | null>;
  engineCpu: number | null;
  hostCpu: number | null;
  hostIdle: number | null;
  cpus: number;
  /** What the engine's own tasks waited for a CPU, and how much of that was its quota. */
  ownWait: number | null;
  throttled: number;
  engineIo: Io;
  hostIo: Io;
  engineMemory: number | null;
  hostMemory: number | null;
  ownMemoryWait: number | null;
}

interface Io {
  bytes: number | null;
  ops: number | null;
}

/** The time between two samples. Stall times, waits and `throttled` are shares of wall time, 0 to 1. */
interface Interval {
  /** Monotonic milliseconds at its end, and its length. */
  end: number;
  ms: number;
  pressure: PerResource<number | null>;
  share: PerResource<number | null>;
  idle: number | null;
  ownWait: number | null;
  throttled: number;
  ownMemoryWait: number | null;
}

/** The samples of the last seconds. Plain data. */
export interface Meter {
  last: Sample | null;
  intervals: readonly Interval[];
}

/** Time without a sample for longer than this, ms, is blind; a shorter gap is one sample. */
export const BLIND_MS = 30_000;
/** A shorter span than this, ms, gives no rate. */
const MIN_SPAN_MS = 900;
/** CPUs that idle more than this share of the time leave nobody waiting for them but by a quota. */
const IDLE_SHARE = 0.1;
/** The part is at most this many times what the engine's own tasks wait. */
const OWN_WAIT_FACTOR = 2;
/**
 * Then also the host's stall counts for at most this many times what they wait: threads that contend with the engine keep
 * it waiting (one of five on four CPUs for a fifth of the time, and a part of 20 takes two), a quota of others does not.
 */
const CONTENDED_FACTOR = 4;

export const newMeter = (): Meter => ({ last: null, intervals: [] });

/** The meter with one sample more. A restart of the engine and a gap that is too long begin it again. */
export function takeSample(meter: Meter, sensed: Sensed, windowMs: number): Meter {
  const next = sampleOf(sensed);
  const { last } = meter;
  if (last === null || next.mono <= last.mono) return last === null ? { last: next, intervals: [] } : meter;
  if (next.mono - last.mono > BLIND_MS || isReset(last, next)) return { last: next, intervals: [] };
  const kept = meter.intervals.filter(({ end }) => end > next.mono - windowMs);
  return { last: next, intervals: [...kept, intervalOf(last, next)] };
}

/** Pressure, share and part of each resource over the window, percent; null if unknown. */
export function partsOf({ intervals }: Meter): Parts {
  return mapResources((resource) => {
    const pressure = mean(intervals, (i) => i.pressure[resource]);
    const share = mean(intervals, (i) => i.share[resource]);
    if (resource === 'cpu') return cpuPart(intervals, pressure, share);
    const part = mean(intervals, (i) => product(i.pressure[resource], i.share[resource]));
    const own = resource === 'memory' ? mean(intervals, (i) => i.ownMemoryWait) : null;
    return rounded(pressure, share, atMost(part, own, OWN_WAIT_FACTOR), null);
  });
}

function cpuPart(intervals: readonly Interval[], pressure: number | null, share: number | null): ResourcePart {
  const idle = mean(intervals, (i) => i.idle);
  const capped = idle !== null && idle > IDLE_SHARE;
  const of = (corrected: boolean) => {
    const own = (i: Interval) => (corrected ? less(i.ownWait, i.throttled) : i.ownWait);
    const part = mean(intervals, (i) => {
      const stall = corrected ? less(i.pressure.cpu, i.throttled) : i.pressure.cpu;
      return product(capped ? atMost(stall, own(i), CONTENDED_FACTOR) : stall, i.share.cpu);
    });
    return capped ? atMost(part, mean(intervals, own), OWN_WAIT_FACTOR) : part;
  };
  return rounded(pressure, share, of(true), of(false));
}

const less = (value: number | null, by: number) => (value === null ? null : Math.max(0, value - by));

/** `own`: what the engine's own tasks wait; unknown, it bounds nothing. */
const atMost = (value: number | null, own: number | null, factor: number) =>
  value === null || own === null ? value : Math.min(value, factor * own);

const product = (a: number | null, b: number | null) => (a === null || b === null ? null : a * b);

const percent = (value: number | null) => (value === null ? null : Math.round(value * 10_000) / 100);

const rounded = (
  pressure: number | null,
  share: number | null,
  part: number | null,
  before: number | null,
): ResourcePart => ({
  pressure: percent(pressure),
  share: percent(share),
  part: percent(part),
  before_quota: percent(before ?? part),
});

/** Mean by time of the intervals in which it is known; null if that is less than half of them. */
function mean(intervals: readonly Interval[], of: (interval: Interval) => number | null): number | null {
  let sum = 0;
  let known = 0;
  let all = 0;
  for (const interval of intervals) {
    const value = of(interval);
    all += interval.ms;
    if (value === null) continue;
    sum += value * interval.ms;
    known += interval.ms;
  }
  return known < MIN_SPAN_MS || known < all / 2 ? null : sum / known;
}

function sampleOf({ mono_ms, psi, cgroup, host_cpu, host_io, host_memory, process, unit }: Sensed): Sample {
  const own = cgroup.available ? cgroup.value : null;
  const other = process?.available ? process.value : null;
  return {
    mono: mono_ms,
    life: unit.available ? unit.value.invocation_id : null,
    pressure: mapResources((resource) => total(psi[resource])),
    engineCpu: own?.usage_usec ?? other?.cpu_usec ?? null,
    hostCpu: host_cpu.available ? host_cpu.value.busy_usec : null,
    hostIdle: host_cpu.available ? (host_cpu.value.idle_usec ?? null) : null,
    cpus: host_cpu.available ? host_cpu.value.cpus : 1,
    ownWait: own === null ? (other?.run_delay_usec ?? null) : total(own.cpu),
    throttled: own?.throttled_usec ?? 0,
    engineIo: { bytes: own?.io_bytes ?? other?.io_bytes ?? null, ops: own?.io_ops ?? other?.io_ops ?? null },
    hostIo: host_io?.available ? host_io.value : { bytes: null, ops: null },
    engineMemory: own?.memory_in_use_bytes ?? other?.memory_bytes ?? null,
    hostMemory: host_memory?.available ? host_memory.value.in_use_bytes : null,
    ownMemoryWait: own === null ? null : total(own.memory),
  };
}

const total = (psi: Reading<Psi>) => (psi.available ? psi.value.some.total : null);

/** A total that went down, or another process: nothing before it is comparable. */
function isReset(last: Sample, next: Sample): boolean {
  if (last.life !== null && next.life !== null && last.life !== next.life) return true;
  const down = (a: number | null, b: number | null) => a !== null && b !== null && b < a;
  return down(last.engineCpu, next.engineCpu) || RESOURCES.some((r) => down(last.pressure[r], next.pressure[r]));
}

function intervalOf(from: Sample, to: Sample): Interval {
  const ms = to.mono - from.mono;
  const ofTime = (a: number | null, b: number | null) => (a === null || b === null ? null : (b - a) / (ms * 1000));
  // The waits of a thread that has ended are gone from the sum over threads.
  const waited = (a: number | null, b: number | null) => ofTime(a, b === null || a === null ? b : Math.max(a, b));
  const pressure = mapResources((r) => ofTime(from.pressure[r], to.pressure[r]));
  const idle = ofTime(from.hostIdle, to.hostIdle);
  return {
    end: to.mono,
    ms,
    pressure,
    share: {
      cpu: shareOf(grown(from.engineCpu, to.engineCpu), grown(from.hostCpu, to.hostCpu)),
      memory: shareOf(to.engineMemory, to.hostMemory),
      io: ioShare(from, to),
    },
    idle: idle === null ? null : idle / to.cpus,
    ownWait: waited(from.ownWait, to.ownWait),
    throttled: throttledTime(from, to, ms * 1000),
    ownMemoryWait: waited(from.ownMemoryWait, to.ownMemoryWait),
  };
}

/**
 * Wall time in which the quota kept the engine from running. The kernel sums `throttled_usec` over the CPUs whose queue of
 * the group is throttled (unthrottle_cfs_rq of kernel/sched/fair.c): as many as the group would run on, which is what it
 * used and what it was throttled for together.
 */
function throttledTime(from: Sample, to: Sample, us: number): number {
  const throttled = Math.max(0, to.throttled - from.throttled) / us;
  const used = (grown(from.engineCpu, to.engineCpu) ?? 0) / us;
  return throttled / Math.max(1, throttled + used);
}

/** Null for a total that went down: how much was used since is not known, and unknown is not nothing. */
const grown = (from: number | null, to: number | null) =>
  from === null || to === null || to < from ? null : to - from;

/** 0 if nothing was used; the sensors are read one after the other, so that a share may come out above 1. */
function shareOf(own: number | null, all: number | null): number | null {
  if (own === null || all === null) return null;
  return all <= 0 ? 0 : Math.min(1, own / all);
}

/** The larger of the shares of bytes and of operations. */
function ioShare({ engineIo: own, hostIo: host }: Sample, to: Sample): number | null {
  const bytes = shareOf(grown(own.bytes, to.engineIo.bytes), grown(host.bytes, to.hostIo.bytes));
  const ops = shareOf(grown(own.ops, to.engineIo.ops), grown(host.ops, to.hostIo.ops));
  return bytes === null || ops === null ? (bytes ?? ops) : Math.max(bytes, ops);
}
