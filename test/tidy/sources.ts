import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(import.meta.dirname, '../..');

/** A source file by its path from the repository's root, parsed; no types are resolved. */
export interface Source {
  path: string;
  text: string;
  tree: ts.SourceFile;
}

/** The part of a package.json that the rules are about. */
export interface Manifest {
  path: string;
  version?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

export const parse = (path: string, text: string): Source => ({
  path,
  text,
  tree: ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true),
});

/** Paths below `folder` that `wanted` takes, from the repository's root; installed packages and run output left out. */
export function paths(folder: string, wanted: (path: string) => boolean): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = relative(ROOT, join(ROOT, folder, entry.name));
      if (entry.isDirectory()) return /^(node_modules|data|\.git|\.tap)$/.test(entry.name) ? [] : paths(path, wanted);
      return wanted(path) ? [path] : [];
    })
    .sort();
}

export const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

export const readSources = (): Source[] =>
  paths('packages', (path) => /^packages\/[^/]+\/src\/.*\.ts$/.test(path)).map((path) => parse(path, read(path)));

export const readManifests = (): Manifest[] =>
  ['package.json', ...paths('packages', (path) => /^packages\/[^/]+\/package\.json$/.test(path))].map((path) => ({
    path,
    ...(JSON.parse(read(path)) as Omit<Manifest, 'path'>),
  }));

export const packageOf = (path: string): string => /^packages\/([^/]+)\//.exec(path)?.[1] ?? '';

/** Calls `visit` for each node below, depth first. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

export const lineOf = ({ tree }: Source, node: ts.Node): number =>
  tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
