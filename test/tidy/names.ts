import ts from 'typescript';
import { packageOf, type Source } from './sources.ts';

/** One thing that several packages each have of their own, under one name. */
const SAME_THING = [
  'Stop', // how a command ends: an exit code and one line; each program has its own codes
  'exposition', // the Prometheus text of one process
  'program', // the command line of one program
];

/** Names that two packages export for two things: whoever reads one thinks of the other. */
export function sharedNames(sources: Source[]): string[] {
  const places = new Map<string, string[]>();
  for (const source of sources)
    for (const name of exportedBy(source)) places.set(name, [...(places.get(name) ?? []), source.path]);
  return [...places]
    .filter(([name, paths]) => new Set(paths.map(packageOf)).size > 1 && !SAME_THING.includes(name))
    .map(([name, paths]) => `${name} is declared in ${paths.join(' and ')}`);
}

/** What is declared and exported at the top level; a name that is only passed on is not. */
const exportedBy = ({ tree }: Source): string[] =>
  tree.statements.flatMap((statement) => {
    if ((ts.getCombinedModifierFlags(statement as ts.Node as ts.Declaration) & ts.ModifierFlags.Export) === 0)
      return [];
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.map(({ name }) => name.getText());
    const { name } = statement as ts.Node as ts.NamedDeclaration;
    return name === undefined ? [] : [name.getText()];
  });
