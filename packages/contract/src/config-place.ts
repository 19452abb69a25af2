import { type AST, parseTOML } from 'toml-eslint-parser';

interface Entry {
  path: string[];
  node: AST.TOMLTable | AST.TOMLKeyValue;
}

/** Every table and pair of a text in order, inline tables included; nothing where it cannot be parsed. */
function entriesOf(text: string): Entry[] {
  try {
    return [...within(parseTOML(text.replace(/^\uFEFF/, '')).body[0], [])];
  } catch {
    return [];
  }
}

function* within(
  parent: AST.TOMLTopLevelTable | AST.TOMLTable | AST.TOMLInlineTable,
  prefix: string[],
): Generator<Entry> {
  for (const node of parent.body) {
    if (node.type === 'TOMLTable') {
      const path = node.resolvedKey.map(String);
      yield { path, node };
      yield* within(node, path);
      continue;
    }
    const path = [...prefix, ...node.key.keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value))];
    yield { path, node };
    if (node.value.type === 'TOMLInlineTable') yield* within(node.value, path);
  }
}

/** Where a dotted key stands in the text: itself, else what is inside it, else its nearest table. */
export function placeOf(text: string, key: string): { line: number; column: number } {
  const wanted = key.split('.');
  let best = { line: 0, column: 0 };
  let depth = 0;
  for (const { path, node } of entriesOf(text)) {
    const common = Math.min(path.length, wanted.length);
    if (common <= depth || !wanted.slice(0, common).every((part, i) => part === path[i])) continue;
    depth = common;
    best = { line: node.loc.start.line, column: node.loc.start.column + 1 };
  }
  return best;
}

/** The keys whose value is written as a TOML float, such as `1.0` or `1e2`, with that text. */
export function floatsOf(text: string): { path: string[]; written: string }[] {
  return entriesOf(text).flatMap(({ path, node }) => {
    if (node.type === 'TOMLTable' || node.value.type !== 'TOMLValue' || node.value.kind !== 'float') return [];
    return [{ path, written: node.value.number }];
  });
}
