import { stampMs } from '@hybrid-soak/contract/decision.ts';
import { lineBlocks } from '@hybrid-soak/contract/json-lines.ts';
import { RUNGS, SAMPLE_EVERY } from '@hybrid-soak/contract/ladder.ts';
import { printable, printableJson } from '@hybrid-soak/contract/printable.ts';
import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import type { Parts, UnitReading } from '@hybrid-soak/contract/sample.ts';
import { Unreadable, withSource } from '@hybrid-soak/report/file-source.ts';
import { lastRunIn, parseRecord, type ShownDecision } from '@hybrid-soak/report/read-log.ts';
import { lastObservation } from '@hybrid-soak/report/read-samples.ts';
import { stampText, type Zone } from '@hybrid-soak/report/stamp.ts';
import { wrapped } from '@hybrid-soak/report/terminal/line.ts';
import { Command } from 'commander';
import { lastDecision } from '../adapters/decision-log.ts';
import { holderText } from '../adapters/lock.ts';
import { progressProbe } from '../adapters/progress.ts';
import { describeParts } from '../core/ladder/move.ts';
import { supervisorOf } from '../recovery/locks.ts';
import { databaseOf, ENGINE_UNIT, findPlaces } from '../recovery/places.ts';
import { loadRunState } from '../recovery/run-state.ts';
import { formatDuration } from '../text/duration.ts';
import type { UnitFacts } from '../unit/facts.ts';
import type { Scope } from '../unit/systemctl.ts';
import { systemdUnit } from '../unit/systemd.ts';
import { readConfig, withDecisions, withUnit } from './options.ts';

interface Flags {
  config?: string;
  decisions?: string;
  unit?: string;
  json?: boolean;
  utc?: boolean;
}

export function statusCommand(): Command {
  return withDecisions(withUnit(new Command('status')))
    .description('is a soak running, at which rung, and how is the engine')
    .option('--json', 'one JSON object')
    .option('--utc', 'times in UTC (default: local time)')
    .addHelpText('after', '\nExamples:\n  soak status\n  soak status --json | jq .last_decision')
    .action(async (flags: Flags) => {
      const status = await gather(flags);
      process.stdout.write(
        flags.json ? `${printableJson(status)}\n` : `${fitted(text(status, { utc: flags.utc === true }))}\n`,
      );
    });
}

async function gather(flags: Flags) {
  const places = await findPlaces(flags);
  const { config } = readConfig(places.config);
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

interface Start {
  /** What the run was asked for. */
  startup: ShownDecision | null;
  /** When its own time began: with the engine's first start; null before it. */
  engine_start: string | null;
}

const NO_START: Start = { startup: null, engine_start: null };

/** How the last run of the log began. */
function startOf(decisions: string): Start {
  try {
    return (
      withSource(decisions, (source) => {
        const run = lastRunIn(source);
        let startup: ShownDecision | null = null;
        if (run === null) return NO_START;
        for (const { lines } of lineBlocks(source, { from: run.from }))
          for (const line of lines) {
            const record = parseRecord(line);
            if (record?.run_id !== run.run_id) continue;
            startup ??= record;
            if (startup.was_running === true || record.action === 'ENGINE_START')
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

type Status = Awaited<ReturnType<typeof gather>>;

/** On a terminal no line is longer than it is wide; a pipe gets each in one piece. */
function fitted(lines: readonly string[]): string {
  const columns = process.stdout.columns || Number.POSITIVE_INFINITY;
  return lines.flatMap((line) => wrapped(printable(line), columns, INDENT)).join('\n');
}

/** Where a line's text begins. */
const INDENT = 10;

function text(status: Status, zone: Zone): string[] {
  const { last_decision: last, unit, heartbeat } = status;
  const beat = heartbeat.available
    ? `${beatText(heartbeat.value)}, ${heartbeat.value.ticks_written} ticks written, ${heartbeat.value.drops} dropped`
    : heartbeat.why;
  return [
    `soak      ${soakText(status, zone)}`,
    `rung      ${RUNGS.find((rung) => SAMPLE_EVERY[rung] === status.sample_every) ?? 'none of the ladder'}, sample_every ${status.sample_every}`,
    `last      ${last === null ? 'no decision yet' : `${at(last.timestamp, zone)} ${last.action}: ${last.reason}`}`,
    ...(status.parts === null ? [] : [`pressure  ${describeParts(status.parts, status.limit, RESOURCES)}`]),
    `unit      ${unit.available ? `${unit.value.active_state} (${unit.value.sub_state}), pid ${unit.value.main_pid}, ${unit.value.n_restarts} restarts` : unit.why}`,
    `engine    ${beat}`,
    `log       ${status.decisions}`,
  ];
}

/** Nothing is connected any more if the last heartbeat is a stop, or old. */
function beatText({
  age_ms,
  connection,
  connection_state,
}: {
  age_ms: number;
  connection: string;
  connection_state?: string | undefined;
}) {
  const ago = `${formatDuration(age_ms / 1000)} ago`;
  if (connection_state === 'stopped' || connection === 'stopped') return `stopped ${ago}`;
  return age_ms > HEARTBEAT_OLD_MS
    ? `no heartbeat since ${ago}, then ${connection}`
    : `heartbeat ${ago}, ${connection}`;
}

/** The engine writes its heartbeat at least every second. */
const HEARTBEAT_OLD_MS = 10_000;

const at = (stamp: string, zone: Zone) => stampText(stampMs(stamp), zone);

function soakText(status: Status, zone: Zone): string {
  const { soak, to_restore, began, engine_start, duration_s, last_decision } = status;
  if (soak === null) {
    if (to_restore) return 'none running; an interrupted one waits for `soak restore`';
    if (last_decision === null) return 'none running';
    return `none running; the last one began ${began === null ? 'at an unknown time' : at(began, zone)}`;
  }
  if (duration_s === null) return soak;
  const asked = formatDuration(Number(duration_s));
  if (engine_start === null) return `${soak}, 0s of ${asked}: the time begins with the engine's start`;
  const elapsed = (Date.now() - stampMs(engine_start)) / 1000;
  return `${soak}, ${formatDuration(Math.min(Number(duration_s), elapsed))} of ${asked}`;
}
