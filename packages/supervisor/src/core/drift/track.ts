import type { DriftSignal } from '@hybrid-soak/contract/drift-signals.ts';
import { median } from '@hybrid-soak/contract/median.ts';
import type { Observation } from '@hybrid-soak/contract/sample.ts';
import type { Vitals } from '@hybrid-soak/contract/vitals.ts';
import type { State } from '../state.ts';
import { type Aged, type DriftMemory, type Minute, withPoint } from './memory.ts';

const MINUTE_MS = 60_000;

/** Medians are of a minute; of less if a proof has the floors more often than that. */
export const windowMs = ({ floorEveryMs }: DriftMemory): number => Math.min(MINUTE_MS, floorEveryMs);

const HOUR_MS = 3_600_000;
const MIB = 1024 ** 2;

type Heartbeat = Extract<Observation['heartbeat'], { available: true }>['value'];

/** Takes the figures of one observation: the floors of memory as they come, everything else as medians of a minute. */
export function trackDrift(state: State, observation: Observation): void {
  const { heartbeat } = observation;
  if (!heartbeat.available) return;
  const { drift, clock } = state;
  const life = heartbeat.value.invocation_id ?? String(heartbeat.value.pid);
  if (life !== drift.life)
    Object.assign(drift, {
      life,
      lifeSince: clock.now,
      minute: null,
      floorMs: null,
      flushMs: null,
    });
  const vitals = heartbeat.value.vitals ?? {};
  takeFloor(state, vitals);
  drift.minute ??= newMinute(clock.now, vitals, heartbeat.value);
  // A row that was seen before tells nothing new, and on a busy machine the newest one may be seconds old.
  const { last_flush_ms, age_ms } = heartbeat.value;
  const isNew = last_flush_ms !== drift.flushMs;
  drift.flushMs = last_flush_ms;
  drift.minute = {
    ...drift.minute,
    values: added(drift.minute.values, observation, isNew ? vitals : {}),
    written: isNew ? [...drift.minute.written, clock.now - Math.max(0, age_ms)] : drift.minute.written,
  };
  drift.left = { ...drift.left, ...leftOf(observation, vitals) };
  if (clock.now - drift.minute.since < windowMs(drift)) return;
  endMinute(state, drift.minute, vitals, heartbeat.value);
  drift.minute = newMinute(clock.now, vitals, heartbeat.value);
}

/** In a state of its own: nothing that another step holds is changed. */
function add({ drift, ladder }: State, signal: DriftSignal, point: Aged): void {
  drift.pieces = withPoint(drift.pieces, { signal, life: drift.life as string, rung: ladder.rung }, point);
}

function takeFloor(state: State, { floor }: Vitals): void {
  const { drift } = state;
  if (!floor || floor.mono_ms === drift.floorMs) return;
  if (drift.floorMs !== null) drift.floorEveryMs = floor.mono_ms - drift.floorMs;
  drift.floorMs = floor.mono_ms;
  const age = floor.mono_ms / HOUR_MS;
  add(state, 'heap', { age, x: age, y: floor.heap_bytes / MIB });
  add(state, 'private_memory', { age, x: age, y: floor.private_bytes / MIB });
}

const newMinute = (since: number, { cpu_usec }: Vitals, { frames_received }: Heartbeat): Minute => ({
  since,
  written: [],
  values: {},
  cpuUsec: cpu_usec ?? null,
  frames: frames_received,
});

function added(values: Minute['values'], { files }: Observation, vitals: Vitals): Minute['values'] {
  const now: Partial<Record<DriftSignal, number | undefined>> = {
    descriptors: vitals.descriptors,
    threads: vitals.threads,
    commit_latency: vitals.latency_us ? vitals.latency_us.p99 / 1000 : undefined,
    database: files?.available ? files.value.database_bytes : undefined,
  };
  const next = { ...values };
  for (const [signal, value] of Object.entries(now) as [DriftSignal, number | undefined][])
    if (value !== undefined) next[signal] = [...(next[signal] ?? []), value];
  return next;
}

function endMinute(state: State, minute: Minute, { cpu_usec }: Vitals, { frames_received, ticks_written }: Heartbeat) {
  const { drift, clock } = state;
  const middle = median(minute.written) ?? (minute.since + clock.now) / 2;
  const age = (middle - drift.lifeSince) / HOUR_MS;
  for (const [signal, values] of Object.entries(minute.values) as [DriftSignal, readonly number[]][]) {
    const y = signal === 'database' ? (values.at(-1) ?? null) : median(values);
    if (y !== null) add(state, signal, { age, x: signal === 'database' ? ticks_written : middle / HOUR_MS, y });
  }
  const frames = frames_received - minute.frames;
  if (cpu_usec === undefined || minute.cpuUsec === null || frames <= 0) return;
  add(state, 'cpu_per_frame', { age, x: frames_received / 1e6, y: (cpu_usec - minute.cpuUsec) / frames });
}

/** In the unit of each signal. */
function leftOf({ cgroup, files }: Observation, vitals: Vitals): DriftMemory['left'] {
  const left: DriftMemory['left'] = {};
  if (cgroup.available) {
    const { memory_max_bytes: max, memory_held_bytes: held } = cgroup.value;
    if (typeof max === 'number' && typeof held === 'number') left.private_memory = Math.max(0, max - held) / MIB;
  }
  const { descriptors, descriptor_limit } = vitals;
  if (descriptors !== undefined && descriptor_limit !== undefined)
    left.descriptors = Math.max(0, descriptor_limit - descriptors);
  if (files?.available) left.database = files.value.free_bytes;
  return left;
}
