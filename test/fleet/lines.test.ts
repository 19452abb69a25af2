import { appendFileSync, copyFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Pace } from '@hybrid-soak/fleet/pace.ts';
import { lineShipper } from '@hybrid-soak/fleet/ship/lines.ts';
import type { ShipSession } from '@hybrid-soak/fleet/ship/session.ts';
import t from 'tap';

/** A stream that keeps the lines of each message; `drain` is one session after another. */
function stream(log: string, maxBytes = 1_048_576) {
  const messages: string[][] = [];
  let position: Awaited<ReturnType<ShipSession['position']>> = { head: null, sequence: 0 };
  const session = {
    host: 'h',
    origin: 'o',
    maxBytes,
    pace: new Pace(),
    position: async () => position,
    publish: async (_: string, head, of) => {
      messages.push([...of]);
      position = { head, sequence: messages.length };
    },
  } as Pick<ShipSession, 'host' | 'origin' | 'maxBytes' | 'pace' | 'position' | 'publish'> as ShipSession;
  const drain = async (shipper: { step(): Promise<boolean> }) => {
    while (await shipper.step());
  };
  return { messages, open: () => lineShipper(session, log, 'decisions'), drain };
}

t.test('a log that is renamed is finished first, then the new one, also after a new start', async (t) => {
  const log = join(t.testdir({}), 'decisions.jsonl');
  const { messages, open, drain } = stream(log);
  appendFileSync(log, '{"n":1}\n{"n":2}\n');
  const first = await open();
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
  await drain(await open());
  t.same(messages.flat(), [...[1, 2, 3, 4, 5, 6, 7].map((n) => `{"n":${n}}`), '{"torn":8}', '{"n":9}']);
});

t.test('a log of which nothing was shipped yet is finished first when it is renamed', async (t) => {
  const log = join(t.testdir({ 'decisions.jsonl': '{"n":1' }), 'decisions.jsonl');
  const { messages, open, drain } = stream(log);
  const shipper = await open();
  await drain(shipper);
  appendFileSync(log, '}\n');
  renameSync(log, `${log}.1`);
  writeFileSync(log, '{"n":2}\n');
  await drain(shipper);
  t.same(messages.flat(), ['{"n":1}', '{"n":2}']);
});

t.test('a log that is cut off in its place, with a copy or without, is shipped from its beginning', async (t) => {
  const log = join(t.testdir({ 'decisions.jsonl': '{"n":1}\n{"n":2}\n' }), 'decisions.jsonl');
  const { messages, open, drain } = stream(log);
  const shipper = await open();
  await drain(shipper);
  appendFileSync(log, '{"n":3}\n');
  copyFileSync(log, `${log}.1`);
  // As long as before, so that its size says nothing.
  writeFileSync(log, '{"n":4}\n{"n":5}\n{"n":6}\n');
  await drain(shipper);
  writeFileSync(log, '{"n":7}\n');
  await drain(shipper);
  t.same(
    messages.flat(),
    [1, 2, 3, 4, 5, 6, 7].map((n) => `{"n":${n}}`),
  );
});

t.test('no message is larger than the server takes; a line that is larger ends the program', async (t) => {
  const line = (n: number, length: number) => `{"n":${n},"x":"${'x'.repeat(length)}"}\n`;
  const folder = t.testdir({ 'decisions.jsonl': Array.from({ length: 40 }, (_, n) => line(n, 1000)).join('') });
  const log = join(folder, 'decisions.jsonl');
  const { messages, open, drain } = stream(log, 16_384);
  await drain(await open());
  t.equal(messages.flat().length, 40);
  t.ok(messages.every((lines) => lines.join('\n').length < 16_384));
  appendFileSync(log, line(40, 20_000));
  await t.rejects(drain(await open()), { name: 'Stop', exit: 12, message: /a line of more than .* max_payload/ });
});
