import { ENGINE_UNIT } from '@hybrid-soak/contract/engine-unit.ts';
import { lineBlocks, parseJsonLine } from '@hybrid-soak/contract/json-lines.ts';
import { flag, number, oneOf, type ReadJson, text } from '@hybrid-soak/contract/read-json.ts';
import { unavailable } from '@hybrid-soak/contract/reading.ts';
import { lastRun } from '@hybrid-soak/contract/run-lines.ts';
import type { Parts, UnitReading } from '@hybrid-soak/contract/sample.ts';
import { isLogged } from '@hybrid-soak/contract/stamp.ts';
import { Unreadable, withSource } from '@hybrid-soak/report/file-source.ts';
import { lastObservation } from '@hybrid-soak/report/last-observation.ts';
import { lastDecision } from '../../adapters/decision-log.ts';
import { holderText } from '../../adapters/lock.ts';
import { progressProbe } from '../../adapters/progress.ts';
import { supervisorOf } from '../../recovery/locks.ts';
import { databaseOf, findPlaces } from '../../recovery/places.ts';
import { readConfig } from '../../recovery/read-config.ts';
import { loadRunState } from '../../recovery/run-state.ts';
import type { UnitFacts } from '../../unit/facts.ts';
import type { Scope } from '../../unit/systemctl.ts';
import { systemdUnit } from '../../unit/systemd.ts';
import { isBooted } from '../../unit/user-runtime.ts';

/** Where to look; without a flag, where the unit or the run now going says. */
export interface StatusPlaces {
  config?: string;
  decisions?: string;
  unit?: string;
}

export type Status = Awaited<ReturnType<typeof gatherStatus>>;

/** What is running now. Throws Stop. */
export async function gatherStatus(flags: StatusPlaces) {
  const places = await findPlaces(flags);
  const { config } = await readConfig(places.config);
  const limits = config.soak.policy;
  const left = loadRunState(places.ops.state);
  const { startup, engine_start } = flags.unit === undefined ? startOf(places.ops.decisions) : NO_START;
  const manager = left?.manager ?? startup?.manager ?? 'system';
  const name = flags.unit ?? left?.unit ?? startup?.unit ?? ENGINE_UNIT;
  const found = supervisorOf(manager, name, places.ops.folder);
  const holder = flags.unit === undefined || found?.unit === flags.unit ? found : null;
  const unit = manager === 'embedded' ? null : await readingOf(manager, name, places.facts);
  const probe = progressProbe(databaseOf(places, config.app.db_path));
  const { heartbeat, progress } = probe.read();
  probe.close();
  return {
    soak: holder === null ? null : holderText(holder),
    holder,
    to_restore: holder === null && left !== null,
    began: startup?.timestamp ?? null,
    engine_start,
    duration_s: startup?.duration_s ?? null,
    sample_every: config.engine.sample_every,
    last_decision: lastDecision(places.ops.decisions),
    parts: holder === null ? null : lastParts(places.ops.samples),
    limit: { cpu: limits.cpu_limit, memory: limits.memory_limit, io: limits.io_limit },
    decisions: places.ops.decisions,
    unit: unit === null ? { available: false as const, why: 'none: the soak runs the engine itself' } : unit,
    progress,
    heartbeat,
  };
}

/** As systemd has just said, or says now if it was not asked for that one. */
async function readingOf(manager: Scope, name: string, facts: UnitFacts | null): Promise<UnitReading> {
  if (manager === 'system' && !isBooted()) return unavailable('no systemd here');
  if (facts !== null && facts.scope === manager && facts.id === name) return facts.reading;
  return systemdUnit(manager, name, '').show();
}

/** Of the last look; null if this account may not read the samples. */
function lastParts(samples: string): Parts | null {
  try {
    return lastObservation(samples)?.parts ?? null;
  } catch {
    return null;
  }
}

interface Startup {
  timestamp: string;
  manager?: Scope | 'embedded' | undefined;
  unit?: string | undefined;
  duration_s?: number | undefined;
}

interface Start {
  /** What the run was asked for. */
  startup: Startup | null;
  /** When its own time began: with the engine's first start; null before it. */
  engine_start: string | null;
}

const NO_START: Start = { startup: null, engine_start: null };

/** How the last run of the log began. */
function startOf(decisions: string): Start {
  try {
    return (
      withSource(decisions, (source) => {
        const run = lastRun(source, isLogged);
        let startup: Startup | null = null;
        if (run === null) return NO_START;
        for (const { lines } of lineBlocks(source, { from: run.from }))
          for (const line of lines) {
            const record = recordOf(line);
            if (record === null || record.run_id !== run.run_id) continue;
            startup ??= record;
            if (record.was_running === true || record.action === 'ENGINE_START')
              return { startup, engine_start: record.timestamp };
          }
        return { startup, engine_start: null };
      }) ?? NO_START
    );
  } catch (error) {
    if (error instanceof Unreadable) return NO_START;
    throw error;
  }
}

/** What is needed of a line of the log; null if it is not a record. A field of another type reads as missing. */
function recordOf(line: string) {
  const parsed = parseJsonLine(line);
  if (parsed.kind !== 'value' || !isLogged(parsed.value)) return null;
  const record: { timestamp: string; action: string } & Record<string, unknown> = { ...parsed.value };
  const field = <T>(name: string, read: ReadJson<T>): T | undefined => {
    try {
      return read(record[name]);
    } catch {
      return undefined;
    }
  };
  return {
    timestamp: record.timestamp,
    action: record.action,
    run_id: field('run_id', text) ?? '',
    manager: field('manager', oneOf(['system', 'user', 'embedded'])),
    unit: field('unit', text),
    duration_s: field('duration_s', number),
    was_running: field('was_running', flag),
  };
}
