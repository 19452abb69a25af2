import { Deadlines, type Progress } from '@hybrid-soak/engine/core/deadlines.ts';
import t from 'tap';

const start: Progress = { dropped: 0, commits: 0, isHalfFull: () => false };

/** Looks every 250 ms for `seconds`; what was said first, and when in seconds. */
function watch(seconds: number, at: (second: number) => Partial<Progress>) {
  const deadlines = new Deadlines(5000, start, 0);
  for (let ms = 250; ms <= seconds * 1000; ms += 250) {
    const overdue = deadlines.look({ ...start, commits: ms, ...at(ms / 1000) }, ms);
    if (overdue !== null) return { overdue, at: ms / 1000 };
  }
  return null;
}

t.test('all is well while commits come', async (t) => {
  t.equal(
    watch(100, () => ({})),
    null,
  );
});

t.test('a disk that commits nothing is past its deadline', async (t) => {
  t.match(
    watch(100, (second) => (second > 20 ? { commits: 20_000 } : {})),
    { overdue: 'the disk cannot keep up', at: 25.25 },
  );
});

t.test(
  'a queue that drops, and is not half free between, is past its deadline although the disk commits',
  async (t) => {
    const drops = (free: boolean) =>
      watch(100, (second) => ({ dropped: Math.floor(second / 3), isHalfFull: () => !free || second % 3 < 1 }));
    t.match(drops(false), { overdue: 'the queue cannot keep up', at: 8.25 });
    t.equal(drops(true), null);
  },
);

t.test('a process that was frozen is not late by its sleep', async (t) => {
  const deadlines = new Deadlines(5000, start, 0);
  t.equal(deadlines.look(start, 250), null);
  t.equal(deadlines.look(start, 3_600_000), null, 'the commit of before comes with the next turn');
  t.equal(deadlines.look({ ...start, commits: 1 }, 3_600_250), null);
  for (let ms = 3_600_500; ms <= 3_605_250; ms += 250) t.equal(deadlines.look({ ...start, commits: 1 }, ms), null);
  t.equal(deadlines.look({ ...start, commits: 1 }, 3_605_500), 'the disk cannot keep up');
});
