import { startClock } from '@hybrid-soak/engine/process/clock.ts';
import t from 'tap';
import { eventually } from '../../eventually.ts';

t.test('work of a second and more falls on the same whole seconds, so that one wake-up does all of it', async (t) => {
  const clock = startClock();
  t.teardown(() => clock.stop());
  const at: Record<string, number[]> = { a: [], b: [], c: [] };
  // All that runs in one turn is given the same time.
  const note = (name: string) => (nowMs: number) => at[name]?.push(nowMs);
  clock.every(1000, note('a'));
  await new Promise((resolve) => setTimeout(resolve, 300));
  clock.every(1000, note('b'));
  clock.every(2000, note('c'));
  const both = performance.now();
  await eventually(() => (at['c']?.length ?? 0) > 0);
  const [second] = at['c'] as [number];
  for (const name of ['a', 'b']) t.ok(at[name]?.includes(second), `${name} ran in the same turn`);
  t.same(
    at['a']?.filter((ms) => ms > both),
    at['b'],
  );
});

t.test('a short period is kept, a task that was stopped runs no more, and an idle clock arms nothing', async (t) => {
  const clock = startClock();
  let [runs, others] = [0, 0];
  const stop = clock.every(10, () => {
    if (++runs === 5) stop();
  });
  const stopOther = clock.every(20, () => others++);
  await eventually(() => runs === 5 && others > 5);
  t.equal(runs, 5);
  stopOther();
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  clock.every(60_000, () => {});
  t.equal(timers(), before + 1);
  clock.stop();
  t.equal(timers(), before);
});

t.test('a task may stop itself, another one, or add one', async (t) => {
  const clock = startClock();
  t.teardown(() => clock.stop());
  const ran: string[] = [];
  const stopB = clock.every(5, () => ran.push('b'));
  const stopA = clock.every(5, () => {
    stopA();
    stopB();
    clock.every(5, () => ran.push('c'));
  });
  await eventually(() => ran.filter((name) => name === 'c').length > 2);
  t.ok(ran.filter((name) => name === 'b').length <= 1);
});

t.test('a process that did not run for a while is late by that, to a second, until the next call', async (t) => {
  const clock = startClock();
  t.teardown(() => clock.stop());
  clock.every(400, () => {});
  await eventually(() => clock.lateMs() === 0 || clock.lateMs() < 20);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
  t.ok(clock.lateMs() > 550, `also before the timer had its turn: ${clock.lateMs()} ms`);
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  t.ok(clock.lateMs() > 550, `and right after it: ${clock.lateMs()} ms`);
  await eventually(() => clock.lateMs() < 100);
});

t.test('a second that came late does not shift those after it, and `after` comes after the work', async (t) => {
  const clock = startClock();
  t.teardown(() => clock.stop());
  const at: number[] = [];
  const ran: string[] = [];
  clock.every(1000, (nowMs) => {
    at.push(nowMs);
    ran.push('work');
  });
  clock.after = () => ran.push('after');
  await eventually(() => at.length > 1);
  const first = at[0] as number;
  // Into the middle of a second, with one missed.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
  const offset = (ms: number) => Math.abs(ms - first - Math.round((ms - first) / 1000) * 1000);
  const late = at.length;
  await eventually(() => at.slice(late + 1).some((ms) => offset(ms) < 120));
  t.same(ran.slice(0, 4), ['work', 'after', 'work', 'after']);
});
