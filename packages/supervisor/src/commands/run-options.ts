import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import type { Config } from '@hybrid-soak/contract/config.ts';
import { checkConfig } from '@hybrid-soak/contract/config-check.ts';
import { parseDuration } from '@hybrid-soak/contract/duration.ts';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { formatFault } from '@hybrid-soak/contract/fault.ts';
import type { IngestMode, PolicyName, PsiActions } from '@hybrid-soak/contract/modes.ts';
import { readText } from '../adapters/config-file.ts';
import { hostPressure } from '../adapters/pressure.ts';
import { Stop } from '../stop.ts';
import type { ManagerChoice } from '../unit/choose.ts';
import type { MetricsFlags } from './metrics.ts';

/** `soak run`'s flags as commander gives them. */
export interface RunFlags extends MetricsFlags {
  duration?: string;
  seconds?: string;
  config: string;
  sources?: string;
  unit: string;
  db?: string;
  mode?: IngestMode;
  policy: PolicyName;
  psiActions: PsiActions;
  stallThreshold?: string;
  interval?: string;
  decisions: string;
  samples?: string;
  manager: ManagerChoice;
  calibrate?: string;
  leave: 'as-found' | 'running' | 'stopped';
  dryRun?: boolean;
  quiet?: boolean;
  json?: boolean;
  report?: string | true;
}

const YEAR_S = 366 * 86_400;

/** A duration flag in seconds, from `min` to `max`; a usage error otherwise. */
export function seconds(flag: string, text: string, min: number, max = YEAR_S): number {
  const value = parseDuration(text);
  if (value !== undefined && value >= min && value <= max) return value;
  const valid = `valid: 45s, 90m, 2h or plain seconds, from ${min} to ${max}`;
  throw new Stop(SOAK_EXIT.USAGE, `${flag} ${text}: ${valid}`);
}

/** A unit's name as systemd.unit(5) allows it; without a suffix a service is meant, as for systemctl. */
export function unitName(text: string): string {
  const name = /\.[a-z]+$/.test(text) ? text : `${text}.service`;
  if (/^[\w:.\\@][\w:.\\@-]*\.service$/.test(name) && name.length < 256) return name;
  throw new Stop(SOAK_EXIT.USAGE, `--unit ${text}: valid: the name of a service, for example hybrid-engine.service`);
}

/** The configuration's text and value, or one line a fault and exit code 12. */
export function readConfig(file: string): { text: string; config: Config } {
  let text: string;
  try {
    text = readText(file);
  } catch (error) {
    const { message } = error as Error;
    const code = errorCode(error);
    const why = code === 'ENOENT' ? 'no such file' : `cannot be read (${code ?? message})`;
    throw new Stop(SOAK_EXIT.CONFIG, `${file}: ${why}; valid: a readable config.toml`);
  }
  const checked = checkConfig(text, file);
  if (!checked.ok) throw new Stop(SOAK_EXIT.CONFIG, checked.faults.map(formatFault).join('\n'));
  return { text, config: checked.value };
}

/** A file where the database should be must be one. */
export function checkDatabase(path: string): void {
  if (!existsSync(path)) return;
  let head: string;
  try {
    const fd = openSync(path, 'r');
    const bytes = Buffer.alloc(16);
    head = bytes.toString('latin1', 0, readSync(fd, bytes, 0, 16, 0));
    closeSync(fd);
  } catch (error) {
    throw new Stop(SOAK_EXIT.CONFIG, `${path}: cannot be read (${errorCode(error)}); valid: a SQLite database`);
  }
  if (head !== '' && head !== 'SQLite format 3\0')
    throw new Stop(SOAK_EXIT.CONFIG, `${path}: is not a SQLite database; valid: the engine's [app] db_path`);
}

/** Without any pressure file there is nothing to judge by; with some of them, the record says which is missing. */
export function refuseBlindness(psiActions: PsiActions): void {
  if (psiActions === 'off') return;
  const { cpu, memory, io } = hostPressure().read();
  if (cpu.available || memory.available || io.available) return;
  throw new Stop(SOAK_EXIT.CONFIG, `${cpu.why}; valid: a kernel with PSI (psi=1), or --psi-actions off`);
}
