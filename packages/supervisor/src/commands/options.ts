import { parseDuration } from '@hybrid-soak/contract/duration.ts';
import { ENGINE_UNIT } from '@hybrid-soak/contract/engine-unit.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { type Command, Option } from 'commander';
import { Stop } from '../stop.ts';

/** Help of the flags that say where things are; without them the unit, or the run now going, says it. */
export const withUnit = (command: Command): Command =>
  command
    .option('--unit <name>', `the engine's unit (default: ${ENGINE_UNIT})`, unitName)
    .option('--config <file>', "the engine's configuration (default: the unit's, or config/config.toml)");

export const withDecisions = (command: Command): Command =>
  command.option('--decisions <file>', 'the decision log (default: data/ops/soak_decisions.jsonl of the unit or here)');

export const withSamples = (command: Command): Command =>
  command.option('--samples <file>', 'every observation (default: soak_samples.jsonl beside the decisions)');

export const withManager = (command: Command): Command =>
  command.addOption(
    new Option('--manager <name>', 'who owns the process')
      .choices(['auto', 'system', 'user', 'embedded'])
      .default('auto'),
  );

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

/** `127.0.0.1:8502`, `[::1]:8502`, `localhost:8502`; port 0 takes a free one. Anything else is a usage error. */
export function parseListen(flag: string, text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/i.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535)
    throw new Stop(SOAK_EXIT.USAGE, `${flag} ${text}: valid: HOST:PORT, for example 127.0.0.1:8502`);
  return { host, port };
}
