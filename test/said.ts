import type { Readable } from 'node:stream';

/** Of how many programs, and how much of each, characters, is printed. */
const [PROGRAMS, LAST] = [4, 3000];

const all: { what: string; said(): string }[] = [];

/**
 * What the last programs of a test file have said is printed at its end if it has failed: of a wait that was in vain the failed
 * assertion says nothing else.
 */
export function printedIfFailed(what: string, said: () => string): void {
  if (all.push({ what, said }) === 1) process.once('exit', print);
}

/** The same of a program's output, which is read. */
export function outputPrintedIfFailed(what: string, output: Readable | null): void {
  let text = '';
  output?.on('data', (data) => {
    text = (text + data).slice(-LAST);
  });
  printedIfFailed(what, () => text);
}

function print(code: number): void {
  if (code === 0 && (process.exitCode ?? 0) === 0) return;
  for (const { what, said } of all.slice(-PROGRAMS)) process.stderr.write(`# ${what}:\n${said().slice(-LAST)}\n`);
}
