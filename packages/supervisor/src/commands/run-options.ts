import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, readSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Config } from '@hybrid-soak/contract/config.ts';
import { checkConfig, formatFault } from '@hybrid-soak/contract/config-check.ts';
import type { IngestMode, PolicyName, PsiActions } from '@hybrid-soak/contract/decision.ts';
import { parseDuration } from '@hybrid-soak/contract/duration.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { readText } from '../adapters/config-file.ts';
import { hostPressure } from '../adapters/pressure.ts';
import type { ManagerChoice } from '../choose-manager.ts';
import { Stop } from '../stop.ts';
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
  interval: string;
  decisions: string;
  samples?: string;
  manager: ManagerChoice;
  calibrate?: string;
  leave: 'as-found' | 'running' | 'stopped';
  dryRun?: boolean;
  quiet?: boolean;
  json?: boolean;
  report?: string;
}

/** A duration flag in seconds, at least `min`; a usage error otherwise. */
export function seconds(flag: string, text: string, min: number): number {
  const value = parseDuration(text);
  if (value === undefined || value < min)
    throw new Stop(SOAK_EXIT.USAGE, `${flag} ${text}: valid: 45s, 90m, 2h or plain seconds, at least ${min}`);
  return value;
}

/** The configuration's text and value, or one line a fault and exit code 12. */
export function readConfig(file: string): { text: string; config: Config } {
  let text: string;
  try {
    text = readText(file);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const why = code === 'ENOENT' ? 'no such file' : `cannot be read (${code ?? message})`;
    throw new Stop(SOAK_EXIT.CONFIG, `${file}: ${why}; valid: a readable config.toml`);
  }
  const checked = checkConfig(text, file);
  if (!checked.ok) throw new Stop(SOAK_EXIT.CONFIG, checked.faults.map(formatFault).join('\n'));
  return { text, config: checked.value };
}

/** The folder that a file will be written in, made where it is missing; exit code 12 where it cannot be written. */
export function writableFolder(what: string, file: string): void {
  const folder = dirname(resolve(file));
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Stop(
      SOAK_EXIT.CONFIG,
      `${what} ${folder}: not writable (${(error as { code?: string }).code}); valid: a folder that this user may write`,
    );
  }
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
    throw new Stop(
      SOAK_EXIT.CONFIG,
      `${path}: cannot be read (${(error as { code?: string }).code}); valid: a SQLite database`,
    );
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

/** The rewrite needs the config's folder, not only the file: it is replaced by a rename. */
export function writableConfig(file: string): void {
  try {
    accessSync(dirname(realpathSync(file)), constants.W_OK);
  } catch {
    throw new Stop(
      SOAK_EXIT.CONFIG,
      `${dirname(resolve(file))}: not writable; valid: a folder where ${file} can be replaced`,
    );
  }
}

/** The system's unit has its mode from the config alone; what the log says must be what runs. */
export function refuseForeignMode(manager: string, { mode }: RunFlags, text: string): void {
  if (manager !== 'system' || mode === undefined) return;
  const checked = checkConfig(text, '');
  const found = checked.ok ? checked.value.engine.ingest_mode : undefined;
  if (found !== mode)
    throw new Stop(SOAK_EXIT.USAGE, `--mode ${mode}: the system unit runs ${found}; valid: set [engine] ingest_mode`);
}
