import { printable } from '@hybrid-soak/contract/printable.ts';
import type { Check, Proof, ProofFile } from '@hybrid-soak/contract/proof.ts';
import { type Paint, unpainted, wrapped } from '@hybrid-soak/report/terminal/line.ts';

/** `proof.md`: the whole of a run for people. */
export function proofText(file: ProofFile): string {
  const { proofs, manager } = file;
  const rows = proofs.map(
    (proof) => `| ${proof.name} | ${proof.verdict} | ${cell(proof.reason)} | ${proof.took_s} s |`,
  );
  return [
    `# Proofs of ${file.unit}: ${file.verdict}`,
    '',
    `Run ${file.run_id}, ${file.started} to ${file.ended}${file.quick ? ', `--quick`: fewer repetitions' : ''}.`,
    `Manager ${manager.name}: ${manager.why}.${manager.name === 'embedded' ? ' **A stand-in, no systemd: what systemd does is not proven.**' : ''}`,
    ...(file.interrupted === null ? [] : ['', `**Ended early by ${file.interrupted}.**`]),
    '',
    Object.entries(file.environment)
      .map(([key, value]) => `${key} ${value}`)
      .join(', '),
    '',
    '| proof | verdict | reason | took |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    ...proofs.flatMap(section),
  ].join('\n');
}

function section(proof: Proof): string[] {
  const numbers = Object.entries(proof.numbers);
  return [
    `## ${proof.name}: ${proof.verdict}`,
    '',
    `**Requirement.** ${proof.requirement}`,
    '',
    `**Method.** ${proof.method}`,
    '',
    '| check | verdict | measured |',
    '| --- | --- | --- |',
    ...proof.checks.map((check) => `| ${cell(check.what)} | ${check.verdict} | ${cell(measured(check))} |`),
    '',
    ...(numbers.length === 0
      ? []
      : [
          '| number | value |',
          '| --- | --- |',
          ...numbers.map(([name, { value, unit }]) => `| ${name} | ${value} ${unit} |`),
          '',
        ]),
    ...proof.commands.flatMap(({ command, exit_code: code, output }) =>
      fenced(`$ ${command}${code === null ? '' : `   # exit code ${code}`}\n${output.trimEnd()}`),
    ),
    ...fenced(proof.evidence.map((record) => JSON.stringify(record)).join('\n')),
  ];
}

const measured = ({ measured: seen, hint }: Check) => (hint === undefined ? seen : `${seen} (${hint})`);

/** One cell of a table: no line breaks, no bars. */
const cell = (text: string) => text.replace(/\s*\n\s*/g, ' ').replaceAll('|', '\\|');

/** A fence longer than any in the text. */
function fenced(text: string): string[] {
  if (text === '') return [];
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return [fence, text, fence, ''];
}

/** Where the text of a finding begins. */
const INDENT = 8;
const TONES = { PASS: 'green', FAIL: 'red', BLOCKED: 'yellow' } as const;

/** One finding a line, with what to do about it; then how many are wrong. */
export function findingsText(checks: Check[], paint: Paint = unpainted, columns = Number.POSITIVE_INFINITY): string {
  const lines = checks.flatMap(({ what, verdict, measured: seen, hint }) => {
    const [first = '', ...rest] = wrapped(printable(`${verdict.padEnd(INDENT - 1)} ${what}: ${seen}`), columns, INDENT);
    const toDo = hint === undefined ? [] : wrapped(printable(`${' '.repeat(INDENT)}-> ${hint}`), columns, INDENT + 3);
    return [`${paint(TONES[verdict], first.slice(0, INDENT))}${first.slice(INDENT)}`, ...rest, ...toDo];
  });
  return [...lines, ...wrapped(conclusion(checks), columns, INDENT)].join('\n');
}

function conclusion(checks: Check[]): string {
  const count = (verdict: Check['verdict']) => checks.filter((check) => check.verdict === verdict).length;
  const parts = [
    ...(count('FAIL') > 0 ? [`${count('FAIL')} wrong`] : []),
    ...(count('BLOCKED') > 0 ? [`${count('BLOCKED')} not there or not checked`] : []),
  ];
  return `${checks.length} findings: ${parts.length === 0 ? 'all is well' : parts.join(', ')}`;
}
