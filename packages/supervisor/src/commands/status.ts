import { lineBlocks } from '@hybrid-soak/contract/json-lines.ts';
import { RUNGS, SAMPLE_EVERY } from '@hybrid-soak/contract/ladder.ts';
import { printableLines } from '@hybrid-soak/contract/printable.ts';
import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import type { Parts } from '@hybrid-soak/contract/sample.ts';
import { Unreadable, withSource } from '@hybrid-soak/report/file-source.ts';
import { type LogRecord, lastRunIn, parseRecord } from '@hybrid-soak/report/read-log.ts';
import { lastObservation } from '@hybrid-soak/report/read-samples.ts';
import { Command } from 'commander';
import { lastDecision } from '../adapters/decision-log.ts';
import { holderText } from '../adapters/lock.ts';
import { progressProbe } from '../adapters/progress.ts';
import { describeParts } from '../core/ladder/move.ts';
import { supervisorOf } from '../recovery/locks.ts';
import { databaseOf, ENGINE_UNIT, findPlaces } from '../recovery/places.ts';
import { loadRunState } from '../recovery/run-state.ts';
import { formatDuration } from '../text/duration.ts';
import { systemdUnit } from '../unit/systemd.ts';
import { readConfig, withDecisions, withUnit } from './options.ts';

interface Flags {
  config?: string;
  decisions?: string;
  unit?: string;
  json?: boolean;
}

export function statusCommand(): Command {
  return withDecisions(withUnit(new Command('status')))
    .description('is a soak running, at which rung, and how is the engine')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExamples:\n  soak status\n  soak status --json | jq .last_decision')
    .action(async (flags: Flags) => {
      const status = await gather(flags);
      process.stdout.write(flags.json ? `${JSON.stringify(status)}\n` : printableLines(text(status)));
    });
}

async function gather(flags: Flags) {
  const places = await findPlaces(flags);
  const { config } = readConfig(places.config);
  const limits = config.soak.policy;
  const left = loadRunState(places.ops.state);
  const startup = flags.unit === undefined ? startupOf(places.ops.decisions) : null;
  const manager = left?.manager ?? startup?.manager ?? 'system';
  const name = flags.unit ?? left?.unit ?? startup?.unit ?? ENGINE_UNIT;
  const found = supervisorOf(manager, name, places.ops.folder);
  const holder = flags.unit === undefined || found?.unit === flags.unit ? found : null;
  const unit = manager === 'embedded' ? null : await systemdUnit(manager, name, '').show();
  const probe = progressProbe(databaseOf(places, config.app.db_path));
  const { heartbeat, progress } = probe.read();
  probe.close();
  return {
    soak: holder === null ? null : holderText(holder),
    holder,
    to_restore: holder === null && left !== null,
    began: startup?.timestamp ?? null,
    duration_s: startup?.duration_s ?? null,
    sample_every: config.engine.sample_every,
    last_decision: lastDecision(places.ops.decisions),
    parts: holder === null ? null : lastParts(places.ops.samples),
    limit: { cpu: limits.cpu_limit, memory: limits.memory_limit, io: limits.io_limit },
    decisions: places.ops.decisions,
    unit: unit === null ? { available: false as const, why: 'no unit: the embedded stand-in runs the engine' } : unit,
    progress,
    heartbeat,
  };
}

/** Of the last look; null if this account may not read the samples. */
function lastParts(samples: string): Parts | null {
  try {
    return lastObservation(samples)?.parts ?? null;
  } catch {
    return null;
  }
}

/** What the last run of the log was asked for: its first record. */
function startupOf(decisions: string): LogRecord | null {
  try {
    return withSource(decisions, (source) => {
      const run = lastRunIn(source);
      if (run === null) return null;
      for (const { lines } of lineBlocks(source, { from: run.from })) {
        const first = lines.map(parseRecord).find((record) => record?.run_id === run.run_id);
        if (first) return first;
      }
      return null;
    });
  } catch (error) {
    if (error instanceof Unreadable) return null;
    throw error;
  }
}

function text(status: Awaited<ReturnType<typeof gather>>): string {
  const { last_decision: last, unit, heartbeat } = status;
  const beat = heartbeat.available
    ? `heartbeat ${(heartbeat.value.age_ms / 1000).toFixed(1)} s ago, ${heartbeat.value.connection}, ${heartbeat.value.ticks_written} ticks written, ${heartbeat.value.drops} dropped`
    : heartbeat.why;
  return [
    `soak      ${soakText(status)}`,
    `rung      ${RUNGS.find((rung) => SAMPLE_EVERY[rung] === status.sample_every) ?? 'none of the ladder'}, sample_every ${status.sample_every}`,
    `last      ${last === null ? 'no decision yet' : `${last.timestamp} ${last.action}: ${last.reason}`}`,
    ...(status.parts === null ? [] : [`pressure  ${describeParts(status.parts, status.limit, RESOURCES)}`]),
    `unit      ${unit.available ? `${unit.value.active_state} (${unit.value.sub_state}), pid ${unit.value.main_pid}, ${unit.value.n_restarts} restarts` : unit.why}`,
    `engine    ${beat}`,
    `log       ${status.decisions}`,
    '',
  ].join('\n');
}

function soakText({ soak, to_restore, began, duration_s, last_decision }: Awaited<ReturnType<typeof gather>>): string {
  if (soak === null) {
    if (to_restore) return 'none running; an interrupted one waits for `soak restore`';
    return last_decision === null
      ? 'none running'
      : `none running; the last one began ${began ?? 'at an unknown time'}`;
  }
  if (began === null || duration_s === null) return soak;
  return `${soak}, ${formatDuration((Date.now() - Date.parse(began)) / 1000)} in, asked for ${formatDuration(Number(duration_s))}`;
}
