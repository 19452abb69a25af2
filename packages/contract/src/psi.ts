import { available, type Reading, unavailable } from './reading.ts';

export const RESOURCES = ['cpu', 'memory', 'io'] as const;
export type Resource = (typeof RESOURCES)[number];

/** One line of a pressure file. Averages are percent of wall time in which tasks waited; `total` is microseconds. */
export interface PsiLine {
  raw: string;
  avg10: number;
  avg60: number;
  avg300: number;
  total: number;
}

/** One pressure file. `full` is null where the kernel prints no such line (cpu before 5.13). */
export interface Psi {
  some: PsiLine;
  full: PsiLine | null;
}

const LINE =
  /^\s*(some|full)\s+avg10=(\d+(?:\.\d+)?)\s+avg60=(\d+(?:\.\d+)?)\s+avg300=(\d+(?:\.\d+)?)\s+total=(\d+)\s*$/;

/**
 * Parses one file of `/proc/pressure` or a cgroup's `*.pressure` (Documentation/accounting/psi.rst):
 *
 *     some avg10=0.00 avg60=0.00 avg300=0.00 total=0
 *     full avg10=0.00 avg60=0.00 avg300=0.00 total=0
 *
 * Lines of an unknown kind are passed over (a later kernel may add some); a known one that does not parse makes the
 * whole file unavailable, since half a reading would look like calm.
 */
export function parsePsi(text: string): Reading<Psi> {
  let some: PsiLine | null = null;
  let full: PsiLine | null = null;
  for (const raw of text.includes('\r') ? text.split(/\r?\n/) : text.split('\n')) {
    const match = LINE.exec(raw);
    if (match !== null) {
      const [, kind, avg10, avg60, avg300, total] = match;
      const line = { raw, avg10: Number(avg10), avg60: Number(avg60), avg300: Number(avg300), total: Number(total) };
      if (kind === 'some') some = line;
      else full = line;
    } else if (/^\s*(some|full)\b/.test(raw)) {
      return unavailable(`not a PSI line: ${JSON.stringify(raw.slice(0, 120))}`);
    }
  }
  return some === null ? unavailable('no "some" line') : available({ some, full });
}
