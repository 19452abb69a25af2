import { printableLines } from '@hybrid-soak/contract/printable.ts';
import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import type { Parts } from '@hybrid-soak/contract/sample.ts';
import { lastObservation } from '@hybrid-soak/report/read-samples.ts';
import { Command } from 'commander';
import { lastDecision } from '../adapters/decision-log.ts';
import { holderText } from '../adapters/lock.ts';
import { progressProbe } from '../adapters/progress.ts';
import { describeParts } from '../core/ladder/move.ts';
import { supervisorOf } from '../recovery/locks.ts';
import { databaseOf, ENGINE_UNIT, findPlaces } from '../recovery/places.ts';
import { loadRunState } from '../recovery/run-state.ts';
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
  const manager = left?.manager ?? 'system';
  const name = flags.unit ?? left?.unit ?? ENGINE_UNIT;
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
    sample_every: config.engine.sample_every,
    last_decision: lastDecision(places.ops.decisions),
    parts: holder === null ? null : lastParts(places.ops.samples),
    limit: { cpu: limits.cpu_limit, memory: limits.memory_limit, io: limits.io_limit },
    unit: unit === null ? { available: false as const, why: 'run by the embedded stand-in' } : unit,
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

function text(status: Awaited<ReturnType<typeof gather>>): string {
  const { soak, last_decision: last, unit, heartbeat } = status;
  const beat = heartbeat.available
    ? `heartbeat ${(heartbeat.value.age_ms / 1000).toFixed(1)} s ago, ${heartbeat.value.connection}, ${heartbeat.value.ticks_written} ticks written, ${heartbeat.value.drops} drops`
    : heartbeat.why;
  return [
    `soak      ${soak ?? (status.to_restore ? 'none running; an interrupted one waits for `soak restore`' : 'none running')}`,
    `rung      sample_every ${status.sample_every}`,
    `last      ${last === null ? 'no decision yet' : `${last.timestamp} ${last.action}: ${last.reason}`}`,
    ...(status.parts === null ? [] : [`pressure  ${describeParts(status.parts, status.limit, RESOURCES)}`]),
    `unit      ${unit.available ? `${unit.value.active_state} (${unit.value.sub_state}), pid ${unit.value.main_pid}, ${unit.value.n_restarts} restarts` : unit.why}`,
    `engine    ${beat}`,
    '',
  ].join('\n');
}
