import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { checkConfig } from '@hybrid-soak/contract/config-check.ts';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import type { FleetSettings } from '@hybrid-soak/contract/fleet-settings.ts';
import { Stop } from './stop.ts';
import { nameOf } from './subject.ts';

/** A stream's name has at most 255 characters, and more is added to the host's. */
const LONGEST_NAME = 200;

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
  const host = flags.host ?? fleet.host ?? hostname();
  if (nameOf(host).length > LONGEST_NAME)
    throw new Stop(
      SOAK_EXIT.CONFIG,
      `fleet.host ${host}: too long for the name of a stream; valid: at most ${LONGEST_NAME} letters, digits, - and _`,
    );
  return { ...fleet, limit, servers, host, database: app.db_path };
}

/** A configuration or a key is far smaller. */
export const MOST_BYTES = 4 * 1024 * 1024;

/** A regular file's bytes: opening a FIFO would wait for its other end. Throws what has a `code`. */
export function readSmall(file: string): Buffer {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw Object.assign(new Error(), { code: 'not a regular file' });
    if (stat.size > MOST_BYTES) throw Object.assign(new Error(), { code: 'EFBIG' });
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Texts of configurations by their paths, read before this process became an account that may not. */
export const handed = new Map<string, string>();

function textOf(file: string): string {
  try {
    return handed.get(file) ?? readSmall(file).toString('utf8');
  } catch (error) {
    throw new Stop(
      SOAK_EXIT.CONFIG,
      `${file}: cannot be read (${errorCode(error)}); valid: the path of config.toml (--config)`,
    );
  }
}
