import { recordedFrame, recordedLine } from '@hybrid-soak/contract/recorded-frame.ts';
import { recordedTime } from '@hybrid-soak/contract/recorded-time.ts';
import t from 'tap';
import { CONTROL, HISTORY, IGNORED, LIVE, MALFORMED, MS } from '../fixtures/frames.ts';

const RAW = LIVE['kraken v2'];
const read = (line: unknown) => recordedFrame(typeof line === 'string' ? line : JSON.stringify(line));

t.test('a line of our own is read back, whatever the frame is', async (t) => {
  for (const raw of [RAW, 'garbage "\n', '']) {
    const line = recordedLine({ received_ms: 7, source: 'a', url: 'wss://a.example/x', raw });
    t.same(read(line.trimEnd()), { raw, receivedMs: 7, source: 'a', url: 'wss://a.example/x', symbol: null });
  }
});

t.test('a frame as text beside a time of receipt is read under the names that recorders use', async (t) => {
  for (const time of ['ts', 't', 'time', 'timestamp', 'received_at', 'receivedAt', 'recv_ts', 'local_timestamp'])
    for (const frame of ['raw', 'data', 'msg', 'frame', 'payload', 'message'])
      t.match(read({ [time]: MS, [frame]: RAW }), { raw: RAW, receivedMs: MS }, `${time} ${frame}`);
  t.match(read({ ts: MS, local_timestamp: MS + 5, raw: RAW }), { receivedMs: MS + 5 }, 'receipt outranks other times');
  t.match(read({ raw: RAW }), { raw: RAW, receivedMs: null });
  t.match(read({ when: 'now', d: RAW }), { raw: RAW }, 'JSON as text is the frame, whatever its name');
  t.match(read({ exchange: 'kraken', symbol: 'BTC/USD', url: 'ws://x/v2', ts: 'soon', raw: RAW }), {
    source: 'kraken',
    symbol: 'BTC/USD',
    url: 'ws://x/v2',
    receivedMs: null,
  });
  t.match(read({ ts: MS, url: 'no url', raw: RAW }), { url: null });
});

t.test('a frame as JSON beside a time keeps every digit of its numbers', async (t) => {
  const exact = '{"trade_id":13834774380200032777,"price":84106.10,"qty":4.9e-7}';
  for (const line of [`{"ts":${MS},"data":${exact}}`, `{"t":${MS},"msg": ${exact} }`, `[${MS}, ${exact}]`])
    t.match(read(line), { raw: exact, receivedMs: MS }, line);
  t.match(read(`{"ts":${MS},"frame":${LIVE['kraken v1']}}`), { raw: LIVE['kraken v1'] });
  t.match(read(`["2025-07-03T02:07:18.600Z", ${JSON.stringify(RAW)}]`), { raw: RAW, receivedMs: MS });
});

t.test('a time and a frame on one line', async (t) => {
  for (const time of [
    '2025-07-03T02:07:18.6000000Z',
    '2025-07-03 02:07:18.600',
    '2025-07-03 02:07:18,600',
    '[2025-07-03 02:07:18,600]',
    '2025-07-03T02:07:18,600',
    `${MS}`,
    `${MS / 1000}`,
    `${MS / 1000}:`,
    `[${MS}]`,
  ])
    for (const between of [' ', '\t', ', '])
      t.match(read(time + between + RAW), { raw: RAW, receivedMs: MS }, time + between);
  t.match(read(`${MS} ${LIVE['kraken v1']}`), { raw: LIVE['kraken v1'] });
  for (const line of ['', 'garbage', '12', `${MS}`, `${MS} text`, 'x {"a":1}', '{"ts":1', '[1,2]', 'null', '"a"'])
    t.equal(read(line), undefined, line);
});

t.test('no frame of an exchange is taken for a recorder’s line', async (t) => {
  for (const frames of [LIVE, HISTORY, CONTROL, IGNORED, MALFORMED])
    for (const [name, raw] of Object.entries(frames)) t.equal(read(raw), undefined, name);
  for (const raw of [
    `{"channel":"ohlc","type":"update","timestamp":"2025-07-03T02:07:18.6Z","data":[{"symbol":"BTC/USD"}]}`,
    `{"stream":"btcusdt@trade","data":${LIVE['binance']},"ts":${MS}}`,
    '{"type":"error","message":"Failed to subscribe","time":"2025-07-03T02:07:18.6Z"}',
  ])
    t.equal(read(raw), undefined, raw);
});

t.test('times in any unit and spelling end as milliseconds', async (t) => {
  for (const time of [
    MS,
    String(MS),
    MS / 1000,
    MS * 1000,
    `${MS}117161`,
    '2025-07-03T02:07:18.6Z',
    '2025-07-03T02:07:18.600',
    '2025-07-03T04:07:18.600+02:00',
    '2025-07-03 02:07:18.600 UTC',
    '2025-07-03T02:07:18,600123456+0000',
  ])
    t.equal(recordedTime(time), MS, String(time));
  for (const time of [
    null,
    undefined,
    '',
    'now',
    5,
    -MS,
    1e30,
    Number.NaN,
    '2025-13-03T02:07:18Z',
    '2008-01-01T00:00:00Z',
    {},
  ])
    t.equal(recordedTime(time), null, String(time));
});
