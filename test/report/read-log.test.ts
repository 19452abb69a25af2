import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pageData } from '@hybrid-soak/report/page-data.ts';
import { readRun } from '@hybrid-soak/report/read-log.ts';
import t from 'tap';
import { DECISIONS, RUN } from './fixture.ts';

t.test('of a long run the first and the last records are read; the number left out is exact', async (t) => {
  const path = join(t.testdir(), 'd.jsonl');
  const line = (seq: number) => `${JSON.stringify({ ...DECISIONS[1], seq, action: 'HOLD' })}\n`;
  const read = (count: number) => {
    writeFileSync(path, `${Array.from({ length: count }, (_, i) => line(i + 1)).join('')}{"run_id":"${RUN}`);
    return readRun(path);
  };
  t.match(read(10_000), { omitted: 0, garbage: 0, records: { length: 10_000 } });
  const { records, ...long } = read(10_007);
  t.match(long, { run: RUN, omitted: 7, garbage: 0 });
  t.ok(long.tornBytes > 0);
  t.same([records.length, records[4999]?.seq, records[5000]?.seq, records.at(-1)?.seq], [10_000, 5000, 5008, 10_007]);
});

t.test(
  'a log that begins after its STARTUP has the limits of its other records; without any it has none',
  async (t) => {
    const path = join(t.testdir(), 'd.jsonl');
    const held = { ...DECISIONS[1], action: 'HOLD', limit: { cpu: 30, memory: 10, io: 15 } };
    const limitsIn = (...records: object[]) => {
      writeFileSync(path, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
      return pageData(readRun(path).records, null, []).limits;
    };
    t.same(limitsIn(held), { cpu: 30, memory: 10, io: 15 });
    const { limit: _, ...silent } = held;
    t.equal(limitsIn(silent), null);
  },
);
