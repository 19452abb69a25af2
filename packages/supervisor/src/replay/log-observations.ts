import type { Decision } from '@hybrid-soak/contract/decision.ts';
import { type Psi, parsePsi, RESOURCES, type Resource } from '@hybrid-soak/contract/psi.ts';
import { available, type Reading, unavailable } from '@hybrid-soak/contract/reading.ts';
import type { Observation } from '@hybrid-soak/contract/sample.ts';
import { stampMs } from '@hybrid-soak/contract/stamp.ts';

/** A line of a decision log, this tool's or the earlier one's: only these two fields are sure to be there. */
export type LogRecord = Partial<Decision> & { timestamp: string; action: string } & Record<string, unknown>;

const CLD_EXITED = 1;

/** The fields of a resource; names that are put together at each look-up cost more than all else of a long log. */
const FIELDS = {
  cpu: { some: 'cpu_some_raw', full: 'cpu_full_raw', avg10: 'cpu_some_avg10' },
  memory: { some: 'memory_some_raw', full: 'memory_full_raw', avg10: 'memory_some_avg10' },
  io: { some: 'io_some_raw', full: 'io_full_raw', avg10: 'io_some_avg10' },
} as const;

/** `some avg10` of a record, percent; null where it has none. -1 is how other tools write a read that failed. */
export function avg10Of(record: LogRecord, resource: Resource): number | null {
  const value: unknown = record[FIELDS[resource].avg10];
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && number >= 0 ? number : null;
}

function rawOf(record: LogRecord, resource: Resource): string {
  const some: unknown = record[FIELDS[resource].some];
  const full: unknown = record[FIELDS[resource].full];
  const text = typeof some === 'string' ? some : '';
  return typeof full === 'string' ? `${text}\n${full}` : text;
}

export const hasPressure = (record: LogRecord): boolean =>
  RESOURCES.some(
    (r) => isText(record[FIELDS[r].some]) || isText(record[FIELDS[r].full]) || avg10Of(record, r) !== null,
  );

const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== '';

/** Records of one look are written one after the other, ms. */
const ONE_LOOK_MS = 100;
/** How long a restart may have kept the earlier tool from looking, ms: it waited for it. */
const RESTART_MS = 20_000;
/** Records of what was done, not of what was seen: nobody judged the pressure there. */
const NO_JUDGEMENT = new Set([
  'STARTUP',
  'CALIBRATED',
  'ENGINE_START',
  'ENGINE_RESTARTED',
  'ENGINE_RESTART_FAILED',
  'ENGINE_STOP',
  'RESTORED',
  'SUMMARY',
]);
const isJudged = (moment: readonly LogRecord[]) => moment.some(({ action }) => !NO_JUDGEMENT.has(action));

export interface LogReading {
  stalls: readonly StallSpan[];
  /**
   * Classic writes a record at each look over a limit: a silence longer than this, ms, has been calm. Null for a log of
   * another policy.
   */
  silenceMs: number | null;
}

/**
 * A decision log as observations: every look that has PSI fields is one, at its timestamp. The log says nothing of the
 * engine's cgroup, so the engine's share is unknown, and of its rows only in STALL records: elsewhere rows are assumed to
 * have come. Takes the records in the order of their stamps, one at a time.
 */
export function observationsFrom({ stalls, silenceMs }: LogReading, emit: (observation: Observation) => void) {
  const readers = RESOURCES.map((resource) => pressureReader(resource));
  const unit = unitReader();
  let moment: LogRecord[] = [];
  let momentAt = Number.NaN;
  let rows = 0;
  let stall = 0;
  let before: { observation: Observation; restarted: boolean } | null = null;
  const end = () => {
    const [first] = moment;
    if (first === undefined) return;
    const [cpu, memory, io] = readers.map((read) => read(momentAt, first));
    while ((stalls[stall]?.to ?? Number.POSITIVE_INFINITY) < momentAt) stall++;
    const new_rows = momentAt > (stalls[stall]?.from ?? Number.POSITIVE_INFINITY) ? 0 : 1;
    rows += new_rows;
    const observation: Observation = {
      ...blank(first, momentAt, isJudged(moment)),
      psi: { cpu, memory, io } as Observation['psi'],
      progress: available({ new_rows, ticks_count: rows, last_tick_ts: null, probe_ms: 0 }),
      unit: unit(moment),
    };
    // A log that begins with a judgement began before it.
    if (before === null && observation.due) emit({ ...observation, mono_ms: observation.mono_ms - 1, due: false });
    if (before !== null && silenceMs !== null) {
      const longest = silenceMs + (before.restarted ? RESTART_MS : 0);
      if (momentAt - before.observation.mono_ms > longest) emit(calmBetween(before.observation, momentAt));
    }
    const restarted = moment.some(({ action }) => action === 'ENGINE_RESTART' || action === 'ENGINE_START');
    before = { observation, restarted };
    emit(observation);
    moment = [];
  };
  const take = (record: LogRecord, at: number) => {
    if (!hasPressure(record)) return;
    if (!(at - momentAt < ONE_LOOK_MS)) {
      end();
      momentAt = at;
    }
    moment.push(record);
  };
  return { take, end };
}

/** A look that wrote nothing, halfway to the next one that did. */
function calmBetween(before: Observation, at: number): Observation {
  const mono_ms = (before.mono_ms + at) / 2;
  const calm = (psi: Reading<Psi>): Reading<Psi> =>
    psi.available ? available({ ...psi.value, some: { ...psi.value.some, avg10: 0 } }) : psi;
  const { cpu, memory, io } = before.psi;
  const wall = new Date(mono_ms).toISOString().replace('Z', '000Z');
  return { ...before, mono_ms, wall, due: true, psi: { cpu: calm(cpu), memory: calm(memory), io: calm(io) } };
}

function blank(record: LogRecord, at: number, due: boolean): Omit<Observation, 'psi' | 'progress' | 'unit'> {
  const why = unavailable('not part of a decision log');
  return {
    v: 1,
    run_id: record.run_id ?? '',
    mono_ms: at,
    wall: record.timestamp,
    due,
    cgroup: why,
    host_cpu: why,
    heartbeat: why,
    config: why,
    outcomes: [],
    requests: { abort: null, signal: null },
  };
}

/**
 * One resource over the whole log. Its total grows as the kernel's own does from one raw line to the next; without two of
 * them in a row, by avg10 percent of the time since the record before.
 */
function pressureReader(resource: Resource) {
  let total = 0;
  let before: { at: number; raw: number | null } | null = null;
  let [text, reading] = ['', parsePsi('')];
  return (at: number, record: LogRecord): Reading<Psi> => {
    const avg10 = avg10Of(record, resource);
    const now = rawOf(record, resource);
    // Without stall of its kind a resource's lines stay the same for hours.
    if (now !== text) [text, reading] = [now, parsePsi(now)];
    if (!reading.available && avg10 === null) return text.trim() === '' ? unavailable('not in the log') : reading;
    const some = reading.available ? reading.value.some : null;
    const raw = some?.total ?? null;
    const grown = raw !== null && before !== null && before.raw !== null ? raw - before.raw : -1;
    const percent = some?.avg10 ?? (avg10 as number);
    total += grown >= 0 ? grown : Math.round(percent * 10 * (at - (before?.at ?? at)));
    before = { at, raw };
    if (reading.available && some !== null) return available({ ...reading.value, some: { ...some, total } });
    const line = record[FIELDS[resource].some];
    const shown = typeof line === 'string' ? line : `some avg10=${percent.toFixed(2)}`;
    return available({ some: { raw: shown, avg10: percent, avg60: percent, avg300: percent, total }, full: null });
  };
}

/** Milliseconds since 1970 between which no row came. */
export interface StallSpan {
  from: number;
  to: number;
}

export function stallOf(record: LogRecord): StallSpan[] {
  const seconds = record['seconds_since_progress'];
  const to = stampMs(record.timestamp);
  return record.action === 'STALL' && typeof seconds === 'number' ? [{ from: to - seconds * 1000, to }] : [];
}

/** The unit is running, but where the log has an ENGINE_EXIT; each life has an id of its own. */
function unitReader() {
  let life = 1;
  return (records: LogRecord[]): Observation['unit'] => {
    const code = records.find(({ action }) => action === 'ENGINE_EXIT')?.['exit_code'];
    const exited = typeof code === 'number';
    const invocation_id = `recorded-${exited ? life++ : life}`;
    return available({
      active_state: !exited ? 'active' : code === 12 ? 'failed' : 'activating',
      sub_state: !exited ? 'running' : code === 12 ? 'failed' : 'auto-restart',
      result: exited ? 'exit-code' : 'success',
      main_pid: 0,
      invocation_id,
      n_restarts: 0,
      exec_main_status: exited ? code : null,
      exec_main_code: exited ? CLD_EXITED : 0,
      control_group: null,
    });
  };
}
