import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { replaceFile } from '../adapters/replace-file.ts';
import type { Scope } from './layout.ts';

/** One thing that an installation made, in this order; uninstall removes exactly these. */
export type Made =
  | { kind: 'account' | 'group'; name: string }
  /** A configuration that was placed because there was none. */
  | { kind: 'seed'; path: string; sha256: string }
  | { kind: 'folder'; path: string }
  | { kind: 'release'; path: string; digest: string }
  /** `backup`: where the earlier content of that path is kept. */
  | { kind: 'link'; path: string; target: string; backup: string | null }
  | { kind: 'file'; path: string; sha256: string; backup: string | null };

export interface Manifest {
  /** 1: up to 0.1.0, when engine and supervisor shared an account. */
  v: 1 | 2;
  version: string;
  scope: Scope;
  made: Made[];
  /** Paths changed by a run that was interrupted: its commands are still to be run. */
  pending?: string[];
}

export function loadManifest(path: string): Manifest | null {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Manifest) : null;
}

export function saveManifest(path: string, manifest: Manifest): void {
  mkdirSync(dirname(path), { recursive: true });
  replaceFile(path, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o644 });
}

export const removeManifest = (path: string): void => rmSync(path, { force: true });

/** The entry of a path, of one kind. */
export function madeAt<K extends 'link' | 'file' | 'release' | 'folder' | 'seed'>(
  { made }: Manifest,
  kind: K,
  path: string,
): Extract<Made, { kind: K }> | undefined {
  return made.find(
    (entry): entry is Extract<Made, { kind: K }> => entry.kind === kind && 'path' in entry && entry.path === path,
  );
}
