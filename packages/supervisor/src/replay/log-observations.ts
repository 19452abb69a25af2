import type { DecisionRecord } from '@hybrid-soak/contract/decision.ts';
import { type Psi, parsePsi, RESOURCES, type Resource } from '@hybrid-soak/contract/psi.ts';
import { available, type Reading, unavailable } from '@hybrid-soak/contract/reading.ts';
import type { Observation } from '@hybrid-soak/contract/sample.ts';

/** A line of a decision log, this tool's or the earlier one's: only these two fields are sure to be there. */
export type LogRecord = Partial<DecisionRecord> & { timestamp: string; action: string } & Record<string, unknown>;

const CLD_EXITED = 1;

/** Milliseconds since 1970, with the fraction that Date leaves out; a stamp without a zone is UTC. NaN where it is none. */
export function stampMs(timestamp: string): number {
  const iso = timestamp.trim().replace(' ', 'T').replace(',', '.');
  const zoned = /(Z|[+-]\d\d:?\d\d)$/i.test(iso) ? iso : `${iso}Z`;
  const micros = /\.\d{3}(\d{1,3})/.exec(iso)?.[1] ?? '';
  return Date.parse(zoned) + Number(micros.padEnd(3, '0')) / 1000;
}

/** `some avg10` of a record, percent; null where it has none. -1 is how other tools write a read that failed. */
export function avg10Of(record: LogRecord, resource: Resource): number | null {
  const value: unknown = record[`${resource}_some_avg10`];
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && number >= 0 ? number : null;
}

const rawOf = (record: LogRecord, resource: Resource): string =>
  [record[`${resource}_some_raw`], record[`${resource}_full_raw`]]
    .filter((line) => typeof line === 'string')
    .join('\n');

export const hasPressure = (record: LogRecord): boolean =>
  RESOURCES.some((r) => rawOf(record, r).trim() !== '' || avg10Of(record, r) !== null);

/**
 * A decision log as observations: every record with PSI fields is one, at its timestamp; records of the same moment are
 * one. The log says nothing of the engine's cgroup, so that attribution is unavailable, and of its rows only in STALL
 * records: elsewhere rows are taken to have come.
 */
export function observationsOf(records: readonly LogRecord[]): Observation[] {
  const moments = new Map<number, LogRecord[]>();
  for (const record of records) {
    const at = stampMs(record.timestamp);
    if (Number.isNaN(at) || !hasPressure(record)) continue;
    moments.set(at, [...(moments.get(at) ?? []), record]);
  }
  const times = [...moments.keys()].sort((a, b) => a - b);
  const readers = RESOURCES.map((resource) => pressureReader(resource, [...moments.values()].flat()));
  const stalls = records.flatMap((record) => stallOf(record));
  const unit = unitReader();
  let rows = 0;
  const observations = times.map((at) => {
    const together = moments.get(at) as LogRecord[];
    const [cpu, memory, io] = readers.map((read) => read(at, together[0] as LogRecord));
    const stalled = stalls.some(({ from, to }) => at > from && at <= to);
    const new_rows = stalled ? 0 : 1;
    rows += new_rows;
    return {
      ...blank(together[0] as LogRecord, at),
      psi: { cpu, memory, io } as Observation['psi'],
      progress: available({ new_rows, ticks_count: rows, last_tick_ts: null, probe_ms: 0 }),
      unit: unit(together),
    };
  });
  const first = observations[0];
  // A log that begins with a judgement began before it.
  const begun = first === undefined || moments.get(times[0] as number)?.some(({ action }) => action === 'STARTUP');
  return begun ? observations : [{ ...first, mono_ms: first.mono_ms - 1 }, ...observations];
}

function blank(record: LogRecord, at: number): Omit<Observation, 'psi' | 'progress' | 'unit'> {
  const why = unavailable('a decision log does not tell');
  return {
    v: 1,
    run_id: record.run_id ?? '',
    mono_ms: at,
    wall: record.timestamp,
    due: true,
    cgroup: why,
    host_cpu: why,
    heartbeat: why,
    config: why,
    outcomes: [],
    requests: { abort: null, signal: null },
  };
}

/**
 * One resource over the whole log: the kernel's lines where every record has them; where one has not, the totals are made
 * from the avg10 numbers, percent of the time since the record before.
 */
function pressureReader(resource: Resource, records: LogRecord[]) {
  const parsed = new Map<LogRecord, Reading<Psi>>();
  for (const record of records) {
    const text = rawOf(record, resource);
    if (avg10Of(record, resource) !== null || text.trim() !== '') parsed.set(record, parsePsi(text));
  }
  const raw = [...parsed.values()].every((reading) => reading.available);
  let total = 0;
  let before: number | null = null;
  return (at: number, record: LogRecord): Reading<Psi> => {
    const reading = parsed.get(record);
    if (reading === undefined) return unavailable('not in the log');
    if (raw) return reading;
    const avg10 = avg10Of(record, resource);
    if (avg10 === null) return reading;
    total += Math.round(avg10 * 10 * (at - (before ?? at)));
    before = at;
    const line = record[`${resource}_some_raw`];
    const text = typeof line === 'string' ? line : `some avg10=${avg10.toFixed(2)}`;
    return available({ some: { raw: text, avg10, avg60: avg10, avg300: avg10, total }, full: null });
  };
}

function stallOf(record: LogRecord): { from: number; to: number }[] {
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
