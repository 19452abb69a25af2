import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { Stop } from '../stop.ts';
import type { Layout } from './layout.ts';
import type { Manifest } from './manifest.ts';

export interface Way {
  layout: Layout;
  version: string;
  dryRun: boolean;
  /** One line for each thing that is done, or would be. */
  say(line: string): void;
}

export interface Making {
  way: Way;
  manifest: Manifest;
  /** Paths that an interrupted run may have left half made. */
  unfinished: string[];
}

/** One change that a step needs. */
export interface Change {
  /** The path, or the command. */
  at: string;
  /** Writes it down in the manifest. */
  record(): void;
  act(): void;
}

/** Prints the command; the returned function runs it if the systemd that it addresses is running. */
export function runs(command: string[], { layout, say }: Way): () => void {
  const why = layout.scope === 'user' ? 'no systemd of this user runs' : 'no systemd runs here';
  const heard = existsSync(layout.managerAt);
  say(heard ? `run      ${command.join(' ')}` : `not run  ${command.join(' ')}: ${why}`);
  return heard ? () => run(command) : () => {};
}

/** Runs a command; throws Stop with its own words if it fails. */
export function run(command: string[]): void {
  const [file, ...args] = command as [string, ...string[]];
  const { status, stderr, error } = spawnSync(file, args, { encoding: 'utf8', timeout: 60_000 });
  if (status === 0) return;
  throw new Stop(SOAK_EXIT.FAIL, `${command.join(' ')}: ${stderr?.trim() || error?.message || `exit code ${status}`}`);
}
