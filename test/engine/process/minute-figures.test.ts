import { MinuteFigures } from '@hybrid-soak/engine/process/minute-figures.ts';
import t from 'tap';

t.test('figures are of the last full minute, and of what came so far in the first', async (t) => {
  const figures = new MinuteFigures();
  const look = (times: number) => {
    for (let n = 0; n < times; n++) figures.look();
  };
  t.equal(figures.last(), null);
  for (let us = 1; us <= 1000; us++) figures.record(us);
  look(1);
  const { p50 = 0, p99 = 0, max = 0 } = figures.last() ?? {};
  t.ok(Math.abs(p50 - 500) <= 5 && Math.abs(p99 - 990) <= 10 && Math.abs(max - 1000) <= 10, `${p50} ${p99} ${max}`);
  look(5);
  figures.record(1e12);
  look(3);
  t.equal(figures.last()?.p50, p50, 'the minute before');
  look(3);
  t.ok((figures.last()?.max ?? 0) > 3e9, 'no more than an hour is told apart');
  look(6);
  t.equal(figures.last(), null, 'a minute with nothing in it');
});
