import { once } from 'node:events';
import { createServer as createHttp, type IncomingMessage } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { DirectReads } from '@hybrid-soak/engine/feeds/direct-reads.ts';
import { readFrames } from '@hybrid-soak/engine/feeds/read-frames.ts';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import WebSocket, { WebSocketServer } from 'ws';
import { eventually } from '../../eventually.ts';
import { certificate, hasOpenssl } from './certificate.ts';

const LONGEST = 300_000;
const CLOSE = Buffer.from([0x88, 0x02, 0x03, 0xe8]);

/** How a client is connected and reads: through the stream, or directly, bare or in TLS. */
type How = 'stream' | 'direct' | 'tls';

/** A client whose text frames are read in place, and the bare stream of its server. */
async function connected(t: Test, how: How) {
  const host = how === 'tls' ? createHttps(certificate(t.testdir({}), 'localhost')) : createHttp();
  const server = new WebSocketServer({ server: host });
  host.listen(0, '127.0.0.1');
  await once(host, 'listening');
  const { port } = host.address() as AddressInfo;
  const direct = how === 'stream' ? undefined : new DirectReads();
  const client = new WebSocket(`${how === 'tls' ? 'wss' : 'ws'}://127.0.0.1:${port}`, {
    perMessageDeflate: false,
    maxPayload: LONGEST,
    rejectUnauthorized: false,
    ...direct?.options,
  });
  t.teardown(() => {
    client.terminate();
    server.close();
    host.close();
  });
  const got: string[] = [];
  const seen = { inPlace: 0, error: '', closed: 0 };
  client.on('upgrade', ({ socket }: IncomingMessage) => {
    client.on('open', () => {
      const onText = (bytes: Buffer) => {
        seen.inPlace++;
        got.push(String(bytes));
      };
      readFrames(client, socket, LONGEST, onText, direct);
    });
  });
  client.on('message', (data) => got.push(String(data)));
  client.on('ping', (data) => got.push(`ping ${data}`));
  client.on('error', ({ message }) => {
    seen.error = message;
  });
  client.on('close', (code) => {
    seen.closed = code;
  });
  const [, request] = (await once(server, 'connection')) as [WebSocket, IncomingMessage];
  if (client.readyState !== WebSocket.OPEN) await once(client, 'open');
  return { client, got, seen, stream: request.socket as Duplex };
}

/** A server's frame. */
function frame(first: number, text: string): Buffer {
  const payload = Buffer.from(text);
  const n = payload.length;
  if (n < 126) return Buffer.concat([Buffer.from([first, n]), payload]);
  if (n < 65_536) return Buffer.concat([Buffer.from([first, 126, n >> 8, n & 255]), payload]);
  const head = Buffer.alloc(10);
  head[0] = first;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(n), 2);
  return Buffer.concat([head, payload]);
}

interface Sent {
  bytes: Buffer;
  read: string[];
}

const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.nat({ max: 300 }).map((n) => 'x'.repeat(n)),
  fc.constantFrom('y'.repeat(66_000), 'z'.repeat(125), 'z'.repeat(126), ''),
);
const sent = fc.oneof(
  text.map((one): Sent => ({ bytes: frame(0x81, one), read: [one] })),
  text.map((one): Sent => ({ bytes: frame(0x82, one), read: [one] })),
  fc.string({ maxLength: 20 }).map((one): Sent => ({ bytes: frame(0x89, one), read: [`ping ${one}`] })),
  // A message in three frames, a ping within it.
  fc.tuple(text, text, text).map(
    ([a, b, c]): Sent => ({
      bytes: Buffer.concat([frame(0x01, a), frame(0x89, 'in'), frame(0x00, b), frame(0x80, c)]),
      read: ['ping in', a + b + c],
    }),
  ),
);

const WAYS = ['stream', 'direct', ...(hasOpenssl ? (['tls'] as const) : [])] as const;

for (const how of WAYS)
  t.test(`However frames are made and cut, each is read once and in order (${how})`, (t) => framesAsCut(t, how));

async function framesAsCut(t: Test, how: How): Promise<void> {
  const { got, seen, stream, client } = await connected(t, how);
  let total = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(sent, { maxLength: 12 }), fc.array(fc.nat({ max: 400 })), async (frames, cuts) => {
      got.length = 0;
      const bytes = Buffer.concat(frames.map((one) => one.bytes));
      const wanted = frames.flatMap(({ read }) => read);
      let at = 0;
      for (const n of cuts) {
        stream.write(bytes.subarray(at, at + n));
        at += n;
        // Most cuts arrive as reads of their own.
        await new Promise((resolve) => setImmediate(resolve));
      }
      stream.write(bytes.subarray(at));
      await eventually(() => got.length >= wanted.length || seen.error !== '');
      total += wanted.length;
      return seen.error === '' && got.join('\n') === wanted.join('\n');
    }),
    { numRuns: 60 },
  );
  t.ok(seen.inPlace > 0, `${seen.inPlace} of ${total} were read in place`);
  t.equal(client.readyState, WebSocket.OPEN);
}

t.test('Reads rest while the client is paused, and nothing is lost', async (t) => {
  for (const how of WAYS) {
    const { client, got, stream } = await connected(t, how);
    client.pause();
    const wanted = Array.from({ length: 2000 }, (_, n) => `${n} ${'x'.repeat(100)}`);
    for (const text of wanted) stream.write(frame(0x81, text));
    await new Promise((resolve) => setTimeout(resolve, 20));
    t.same(got, [], how);
    client.resume();
    await eventually(() => got.length >= wanted.length);
    t.same(got, wanted, how);
  }
});

t.test('What is against the protocol ends the connection as ws has it', async (t) => {
  for (const [what, bytes, error] of [
    ['a reserved bit', Buffer.concat([frame(0x81, 'good'), frame(0xc1, 'bad')]), /RSV1/],
    ['a masked frame', Buffer.from([0x81, 0x81, 1, 2, 3, 4, 5]), /MASK must be clear/],
    ['text within a message', Buffer.concat([frame(0x01, 'a'), frame(0x81, 'b')]), /invalid opcode/],
    ['a message over the limit', frame(0x81, 'x'.repeat(LONGEST + 1)), /Max payload size exceeded/],
  ] as const) {
    const { seen, stream } = await connected(t, 'direct');
    stream.write(bytes);
    await eventually(() => seen.error !== '');
    t.match(seen.error, error, what);
  }
});

t.test('Nothing is read after a close frame', async (t) => {
  const { got, seen, stream } = await connected(t, 'direct');
  stream.write(Buffer.concat([frame(0x81, 'before'), CLOSE, frame(0x81, 'after')]));
  await eventually(() => seen.closed !== 0);
  t.same(got, ['before']);
  t.equal(seen.closed, 1000);
});
