import { parseAst } from 'rolldown/parseAst';

/** A node of the syntax tree, as far as it matters here (https://github.com/estree/estree). */
interface Node {
  type: string;
  start: number;
  end: number;
  id?: { name: string } | null;
  method?: boolean;
  kind?: string;
}

/**
 * The code of a module with its functions in parentheses. Node keeps what V8 has compiled before anything was called: without them
 * that is the module's outermost code alone, and each start compiles every function that it calls. For what short commands call;
 * of a function that is never called the bytecode is only memory.
 */
export function compiledEarly(code: string): string {
  const statements = (parseAst(code).body as Node[]).map((node) => ({ node, text: inParentheses(code, node) }));
  // A declaration counts from the module's first line on.
  const declared = statements.filter(({ node }) => node.type === 'FunctionDeclaration');
  const imports = statements.filter(({ node }) => node.type === 'ImportDeclaration');
  const others = statements.filter((one) => !declared.includes(one) && !imports.includes(one));
  return [
    ...imports.map(({ text }) => text),
    ...declared.map(({ node, text }) => `var ${node.id?.name}=(${text});`),
    ...others.map(({ text }) => text),
  ].join('\n');
}

function inParentheses(code: string, statement: Node): string {
  const edits: { at: number; text: '(' | ')' }[] = [];
  for (const { start, end } of functionsIn(statement)) edits.push({ at: start, text: '(' }, { at: end, text: ')' });
  // Where one ends and another begins.
  edits.sort((a, b) => a.at - b.at || (a.text === b.text ? 0 : a.text === ')' ? -1 : 1));
  let text = '';
  let done = statement.start;
  for (const edit of edits) {
    text += code.slice(done, edit.at) + edit.text;
    done = edit.at;
  }
  return text + code.slice(done, statement.end);
}

/** Functions that are values; a method has no place for parentheses. */
function functionsIn(node: Node, holder?: Node): Node[] {
  const isMethod =
    holder?.type === 'MethodDefinition' || holder?.method === true || /^[gs]et$/.test(holder?.kind ?? '');
  const isValue = node.type === 'ArrowFunctionExpression' || (node.type === 'FunctionExpression' && !isMethod);
  const inner = Object.values(node)
    .flat()
    .filter((value): value is Node => typeof value?.type === 'string');
  return [...(isValue ? [node] : []), ...inner.flatMap((child) => functionsIn(child, node))];
}
