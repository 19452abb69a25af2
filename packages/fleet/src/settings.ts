import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { checkConfig } from '@hybrid-soak/contract/config-check.ts';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import type { FleetSettings } from '@hybrid-soak/contract/fleet-settings.ts';
import { Stop } from './stop.ts';

/** Flags of every command. */
export interface CommonFlags {
  config: string;
  server?: string[];
  host?: string;
}

export interface ChosenSettings extends FleetSettings {
  host: string;
  /** Of the part of each resource, percent. */
  limit: Record<string, number>;
  /** `[app] db_path` as it is written. */
  database: string;
}

/** `[fleet]` of the configuration with the flags over it. Throws Stop. */
export function loadSettings(flags: CommonFlags): ChosenSettings {
  const checked = checkConfig(textOf(flags.config), flags.config);
  if (!checked.ok) {
    const [fault] = checked.faults;
    const at = fault?.line === undefined ? flags.config : `${flags.config}:${fault.line}`;
    throw new Stop(SOAK_EXIT.CONFIG, `${at}: ${fault?.key} ${fault?.problem}; valid: ${fault?.valid}`);
  }
  const { fleet, app, soak } = checked.value;
  const { cpu_limit: cpu, memory_limit: memory, io_limit: io } = soak.policy;
  const servers = flags.server ?? fleet.servers;
  if (servers.length === 0)
    throw new Stop(
      SOAK_EXIT.CONFIG,
      `${flags.config}: fleet.servers is empty; valid: servers = ["HOST:4222"], or --server`,
    );
  const limit = { cpu, memory, io };
  return { ...fleet, limit, servers, host: flags.host ?? fleet.host ?? hostname(), database: app.db_path };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Stop(
      SOAK_EXIT.CONFIG,
      `${file}: cannot be read (${errorCode(error)}); valid: the path of config.toml (--config)`,
    );
  }
}
