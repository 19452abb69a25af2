import t from 'tap';
import { compared, type Result } from '../bench/result.ts';

const row = (name: string, median: number | null, spread = 0.1, own: Partial<Result> = {}): Result => ({
  name,
  median,
  spread,
  unit: 'x bare',
  target: '<= 2',
  met: true,
  note: '',
  why: undefined,
  ...own,
});

t.test('A difference to an earlier result of the bench counts if it is more than the spread', async (t) => {
  const now = [row('a', 1.5), row('b', 1.55), row('c', 2, 0.1, { target: '>= 1' }), row('d', null), row('e', 1)];
  const then = [row('a', 1), row('b', 1.5), row('c', 1, 0.1, { target: '>= 1' }), row('d', 1), row('gone', 1)];
  const lines = compared(now, then).split('\n');
  t.match(lines[0], /1 ±0.1 -> 1.5 ±0.1 +x bare +\+50 %, MORE THAN THE SPREAD: worse/);
  t.match(lines[1], /\+3 %, within the spread/);
  t.match(lines[2], /\+100 %, MORE THAN THE SPREAD: better/);
  t.match(lines[3], /not measured/);
  t.match(lines[4], /a new row/);
  t.match(lines[5], /only in the earlier result: gone/);
});
