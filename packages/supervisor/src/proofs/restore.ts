import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { systemctl } from '../unit/systemctl.ts';
import type { Ground } from './ground.ts';
import type { ProofCode } from './proof.ts';

/** Properties of one run of the unit and not of the unit: process, times, use, counters. */
const OF_A_RUN =
  /^(MainPID|ControlPID|ExecMain|InvocationID|NRestarts|StatusText|StatusErrno|ControlGroupId|Job|.*Timestamp|.*Monotonic|.*(Current|Peak|Available|NSec|Bytes|Operations|Packets)$|NFileDescriptorStore|Effective)/;

export interface Snapshot {
  show: Record<string, string>;
  config: string;
  sources: string;
  running: boolean;
}

/** What must be the same before and after: the unit as systemd has it, but for what belongs to one run, and the files. */
export async function snapshot(ground: Ground): Promise<Snapshot> {
  const unit = await ground.unit();
  const { config } = ground.plan;
  const running = unit.active_state === 'active' || unit.active_state === 'activating';
  const files = { config: digest(config), sources: digest(join(dirname(config), 'ws_sources.toml')) };
  if (ground.scope === null) return { show: {}, ...files, running };
  const { stdout } = await systemctl(ground.scope, ['show', ground.plan.unit]);
  return { show: stable(stdout), ...files, running };
}

function stable(text: string): Record<string, string> {
  const pairs = text.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
  // ExecStart= shows the process that it started last; lists come in any order.
  return Object.fromEntries(
    pairs
      .filter(([key = '']) => key !== '' && !OF_A_RUN.test(key))
      .map(([key, value = '']) => [
        key,
        value
          .replace(/ ; start_time=.*(?= })/, '')
          .split(' ')
          .sort()
          .join(' '),
      ]),
  );
}

function digest(path: string): string {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch (error) {
    return String(errorCode(error));
  }
}

/** `before`: the snapshot from before the first change; `putBack` restores everything. */
export function restore(before: Snapshot, putBack: () => Promise<string | null>): ProofCode {
  return {
    name: 'restore',
    requirement: 'After all, unit, config and sources are as they were at the start.',
    method: () =>
      'systemctl show of every property but those of one run (process, times, use), SHA-256 of config.toml and ws_sources.toml, ' +
      'and the state of the unit, before the first change and after everything was restored.',
    async measure(ground, notes) {
      const error = await putBack();
      notes.check('everything was restored', error === null, error ?? 'config, then unit');
      const after = await snapshot(ground);
      const keys = [...new Set([...Object.keys(before.show), ...Object.keys(after.show)])];
      const changed = keys.filter((key) => before.show[key] !== after.show[key] && !repaired(key, before));
      notes.evidence({ before, after });
      notes.check(
        'config.toml is the same',
        before.config === after.config,
        `SHA-256 ${before.config}, then ${after.config}`,
      );
      notes.check(
        'ws_sources.toml is the same',
        before.sources === after.sources,
        `SHA-256 ${before.sources}, then ${after.sources}`,
      );
      notes.check(
        'the unit runs, or not, as before',
        before.running === after.running,
        `${before.running ? 'running' : 'not running'}, then ${after.running ? 'running' : 'not running'}`,
      );
      if (ground.scope !== null)
        notes.check(
          'systemctl show says the same',
          changed.length === 0,
          changed.map((key) => `${key}: ${before.show[key]}, then ${after.show[key]}`).join('; ') ||
            `${keys.length} properties`,
        );
    },
  };
}

/** A unit that was down because it had failed is down now because it was stopped. */
const repaired = (key: string, before: Snapshot) =>
  !before.running && /^(ActiveState|SubState|Result|ControlGroup)$/.test(key);
