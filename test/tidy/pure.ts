import ts from 'typescript';
import { lineOf, type Source, walk } from './sources.ts';

export const isPure = (path: string): boolean => /^packages\/(contract\/src|[^/]+\/src\/core)\//.test(path);

/** Packages that compute only: what the contract may use besides our own files. */
export const PURE_PACKAGES = ['zod', '@iarna/toml', 'toml-eslint-parser'];

/** Globals that give the same for the same input. All others (clock, timers, randomness, process, network) are refused. */
const GLOBALS = new Set(
  `undefined NaN Infinity Math JSON Number String Boolean BigInt Symbol Object Array Map Set WeakMap WeakSet Iterator
  Error AggregateError TypeError RangeError SyntaxError RegExp Date Intl URL URLSearchParams TextEncoder TextDecoder ArrayBuffer DataView
  Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float32Array Float64Array
  BigInt64Array BigUint64Array Buffer parseInt parseFloat isNaN isFinite encodeURIComponent decodeURIComponent structuredClone`.split(
    /\s+/,
  ),
);

/** Identifiers in expressions that the file declares nowhere, and `import.meta`. */
export function globalUses({ tree }: Source): (ts.Identifier | ts.MetaProperty)[] {
  const declared = declaredNames(tree);
  const found: (ts.Identifier | ts.MetaProperty)[] = [];
  walk(tree, (node) => {
    if (isGlobalUse(node, declared)) found.push(node);
  });
  return found;
}

/** Uses of what a pure file may not use: the expression's text and its line. */
export const impurities = (source: Source): { what: string; line: number }[] =>
  globalUses(source).flatMap((node) => {
    const what = refused(node);
    return what === null ? [] : [{ what, line: lineOf(source, node) }];
  });

function refused(node: ts.Identifier | ts.MetaProperty): string | null {
  if (ts.isMetaProperty(node)) return node.getText();
  const { parent, text } = node;
  if (text === 'Date') return isDeterministic(parent, node) ? null : parent.getText();
  if (text === 'Math')
    return ts.isPropertyAccessExpression(parent) && parent.name.text !== 'random' ? null : parent.getText();
  return GLOBALS.has(text) ? null : text;
}

/** `new Date(stamp)`, `Date.parse(text)`, `Date.UTC(…)` and `x instanceof Date` read no clock. */
const isDeterministic = (parent: ts.Node, date: ts.Identifier): boolean =>
  (ts.isNewExpression(parent) && parent.expression === date && (parent.arguments?.length ?? 0) > 0) ||
  (ts.isPropertyAccessExpression(parent) && /^(parse|UTC)$/.test(parent.name.text)) ||
  (ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword);

/** Whether the node is an expression's identifier that this file declares nowhere, or `import.meta`. */
function isGlobalUse(node: ts.Node, declared: Set<string>): node is ts.Identifier | ts.MetaProperty {
  if (ts.isMetaProperty(node)) return true;
  if (!ts.isIdentifier(node) || declared.has(node.text)) return false;
  const { parent } = node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  const isName = [(parent as ts.NamedDeclaration).name, (parent as ts.BindingElement).propertyName].includes(node);
  return !isName && !isOfTypes(parent);
}

/** Positions of names that exist in types alone, and labels. */
const isOfTypes = (parent: ts.Node): boolean =>
  ts.isTypeNode(parent) ||
  ts.isQualifiedName(parent) ||
  ts.isTypeParameterDeclaration(parent) ||
  ts.isImportSpecifier(parent) ||
  ts.isExportSpecifier(parent) ||
  ts.isLabeledStatement(parent) ||
  ts.isBreakOrContinueStatement(parent);

function declaredNames(tree: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  walk(tree, (node) => {
    const { name } = node as ts.NamedDeclaration;
    const declares =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isBindingElement(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isFunctionExpression(node) ||
      ts.isClassDeclaration(node) ||
      ts.isClassExpression(node) ||
      ts.isEnumDeclaration(node) ||
      ts.isImportSpecifier(node) ||
      ts.isImportClause(node) ||
      ts.isNamespaceImport(node);
    if (declares && name !== undefined && ts.isIdentifier(name)) names.add(name.text);
  });
  return names;
}
