import { appendFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { lineShipper } from '@hybrid-soak/fleet/ship/lines.ts';
import type { ShipSession } from '@hybrid-soak/fleet/ship/session.ts';
import t from 'tap';

t.test('a log that is renamed is finished first, then the new one, also after a new start', async (t) => {
  const log = join(t.testdir({}), 'decisions.jsonl');
  const rows: string[] = [];
  let position: Awaited<ReturnType<ShipSession['position']>> = { head: null, sequence: 0 };
  const session = {
    host: 'h',
    origin: 'o',
    position: async () => position,
    publish: async (_: string, head, of) => {
      rows.push(...of);
      position = { head, sequence: rows.length };
    },
  } as Pick<ShipSession, 'host' | 'origin' | 'position' | 'publish'> as ShipSession;
  const drain = async (shipper: { step(): Promise<boolean> }) => {
    while (await shipper.step());
  };
  appendFileSync(log, '{"n":1}\n{"n":2}\n');
  const first = await lineShipper(session, log, 'decisions');
  await drain(first);
  appendFileSync(log, '{"n":3}\n');
  renameSync(log, `${log}.1`);
  // Longer than the old one was, so that its size says nothing.
  appendFileSync(log, '{"n":4}\n{"n":5}\n{"n":6}\n{"n":7}\n{"torn');
  await drain(first);
  appendFileSync(log, '":8}\n');
  renameSync(`${log}.1`, `${log}.2`);
  renameSync(log, `${log}.1`);
  appendFileSync(log, '{"n":9}\n');
  await drain(await lineShipper(session, log, 'decisions'));
  t.same(rows, [...[1, 2, 3, 4, 5, 6, 7].map((n) => `{"n":${n}}`), '{"torn":8}', '{"n":9}']);
});
