import { wallClock } from '@hybrid-soak/supervisor/adapters/clock.ts';
import t from 'tap';

/** Two clocks that a test sets: `true` microseconds pass on both, the wall one is shown in whole milliseconds. */
function clocks() {
  let trueUs = 1_767_225_600_000_400;
  let setUs = 0;
  const stamp = wallClock(
    () => Math.floor((trueUs + setUs) / 1000),
    () => trueUs / 1000,
  );
  return {
    stamp: (afterUs: number) => {
      trueUs += afterUs;
      return stamp();
    },
    set: (us: number) => {
      setUs += us;
    },
    wall: () => trueUs + setUs,
  };
}
const micros = (stamp: string) => Date.parse(stamp) * 1000 + Number(stamp.slice(23, 26));

t.test('microseconds are real: two stamps are as far apart as their moments', (t) => {
  const { stamp, wall } = clocks();
  stamp(0);
  for (let i = 0; i < 3000; i++) stamp(7);
  const [a, b] = [micros(stamp(700)), micros(stamp(123))];
  t.equal(b - a, 123);
  t.ok(Math.abs(b - wall()) < 1000);
  t.end();
});

t.test('a clock that is set back lets no stamp go back, and is caught up with', (t) => {
  const { stamp, set, wall } = clocks();
  let before = stamp(0);
  set(-5_000_000);
  for (let i = 0; i < 2000; i++) {
    const next = stamp(10_000);
    if (next <= before) t.fail(`${before} then ${next}`);
    before = next;
  }
  t.ok(Math.abs(micros(before) - wall()) < 1000, 'caught up within twice the step');
  set(3_600_000_000);
  t.ok(Math.abs(micros(stamp(5)) - wall()) < 1000, 'a step forward is followed at once');
  t.end();
});
