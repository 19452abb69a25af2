import { printable } from './printable.ts';

/** One thing that is wrong with a configuration file. `line` and `column` count from 1; 0 where no place is known. */
export interface Fault {
  file: string;
  line: number;
  column: number;
  /** Dotted, `engine.sample_every`; empty for a syntax error. */
  key: string;
  problem: string;
  /** What would be right. */
  valid: string;
}

export type Checked<T> = { ok: true; value: T } | { ok: false; faults: Fault[] };

/** One line for a terminal or a log; the file's own text is escaped: `config.toml:3: engine.sample_every: is 0; valid: a whole number from 1` */
export function formatFault(fault: Fault): string {
  const place = fault.line > 0 ? `${fault.file}:${fault.line}` : fault.file;
  const problem = fault.valid === '' ? fault.problem : `${fault.problem}; valid: ${fault.valid}`;
  return printable([place, fault.key, problem].filter((part) => part !== '').join(': '));
}
