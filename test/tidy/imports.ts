import { builtinModules } from 'node:module';
import { join } from 'node:path';
import ts from 'typescript';
import { packageOf, type Source, walk } from './sources.ts';

/**
 * How a file refers to another: by a static import (of types alone, or of values too), by `import()`, or by the URL of a file
 * that it runs in a thread or a process of its own.
 */
export type Way = 'type' | 'static' | 'dynamic' | 'url';

export interface Import {
  from: string;
  /** A path from the repository's root for our own files, `node:fs` for Node's modules, otherwise the package's name. */
  to: string;
  way: Way;
  line: number;
}

/** The specifier of an import whose text is computed: nobody can tell what it imports, so no room allows it. */
export const COMPUTED = '(computed)';

export function importsOf(source: Source): Import[] {
  const found: Import[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined, way: Way) => {
    const line = source.tree.getLineAndCharacterOfPosition(node.getStart(source.tree)).line + 1;
    const text = specifier !== undefined && ts.isStringLiteralLike(specifier) ? specifier.text : null;
    found.push({ from: source.path, to: text === null ? COMPUTED : resolve(source.path, text), way, line });
  };
  walk(source.tree, (node) => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier, typesOnly(node.importClause) ? 'type' : 'static');
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined)
      add(node, node.moduleSpecifier, exportsTypesOnly(node) ? 'type' : 'static');
    else if (ts.isImportTypeNode(node))
      add(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, 'type');
    else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference))
      add(node, node.moduleReference.expression, 'static');
    else if (ts.isCallExpression(node) && isLoad(node.expression)) add(node, node.arguments[0], 'dynamic');
    else if (isOwnFile(node)) add(node, node.arguments?.[0], 'url');
  });
  return found;
}

const isLoad = (called: ts.Expression): boolean =>
  called.kind === ts.SyntaxKind.ImportKeyword || /^(require|process\.getBuiltinModule)$/.test(called.getText());

/** `new URL('./thread.ts', import.meta.url)` */
const isOwnFile = (node: ts.Node): node is ts.NewExpression =>
  ts.isNewExpression(node) &&
  node.expression.getText() === 'URL' &&
  node.arguments?.[1]?.getText() === 'import.meta.url' &&
  ts.isStringLiteralLike(node.arguments[0] as ts.Expression) &&
  (node.arguments[0] as ts.StringLiteralLike).text.endsWith('.ts');

function typesOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const names = clause.namedBindings;
  return clause.name === undefined && names !== undefined && ts.isNamedImports(names) && allTypes(names.elements);
}

const exportsTypesOnly = (node: ts.ExportDeclaration): boolean =>
  node.isTypeOnly ||
  (node.exportClause !== undefined && ts.isNamedExports(node.exportClause) && allTypes(node.exportClause.elements));

const allTypes = (elements: readonly { isTypeOnly: boolean }[]): boolean =>
  elements.length > 0 && elements.every((element) => element.isTypeOnly);

/** `./x.ts`, `@hybrid-soak/PACKAGE/x.ts`, `fs`, `node:fs/promises`, `pkg/deep/file.js` */
export function resolve(from: string, specifier: string): string {
  if (specifier.startsWith('.') || specifier.startsWith('/')) return join(from, '..', specifier);
  const ours = /^@hybrid-soak\/([^/]+)\/(.+)$/.exec(specifier);
  if (ours !== null) return `packages/${ours[1]}/src/${ours[2]}`;
  const name = specifier.replace(/^node:/, '');
  if (builtinModules.includes(name) || specifier.startsWith('node:')) return `node:${name}`;
  return /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
}

export const isOurs = (to: string): boolean => to.startsWith('packages/');

/** Each circle of imports as its files in order, reported once; types count, files run elsewhere do not. */
export function cycles(imports: Import[]): string[][] {
  const edges = new Map<string, string[]>();
  for (const { from, to, way } of imports)
    if (isOurs(to) && way !== 'url') edges.set(from, [...(edges.get(from) ?? []), to]);
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: string[]) => {
    const at = trail.indexOf(path);
    if (at >= 0) found.push(fromSmallest(trail.slice(at)));
    if (at >= 0 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return found;
}

/** The same circle begins at the same file, wherever the search entered it. */
function fromSmallest(circle: string[]): string[] {
  const first = circle.indexOf([...circle].sort()[0] as string);
  return [...circle.slice(first), ...circle.slice(0, first)];
}

/** The packages, ours and others', that a package of ours imports. */
export const packagesOf = (name: string, imports: Import[]): Set<string> =>
  new Set(
    imports
      .filter(({ from }) => packageOf(from) === name)
      .map(({ to }) => (isOurs(to) ? `@hybrid-soak/${packageOf(to)}` : to))
      .filter((to) => !to.startsWith('node:') && to !== COMPUTED && to !== `@hybrid-soak/${name}`),
  );
