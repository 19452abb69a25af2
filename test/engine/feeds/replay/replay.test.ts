import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { recordedLine } from '@hybrid-soak/contract/recorded-frame.ts';
import { frames } from '@hybrid-soak/feed/frames.ts';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { eventually } from '../../../eventually.ts';
import { feed } from '../../../feed/feed.ts';
import { HISTORY, IGNORED, LIVE, MALFORMED, MS } from '../../../fixtures/frames.ts';
import { count, database, engine, folder, logLines, rows } from '../../engine.ts';

const URL_OF = {
  binance: 'wss://stream.binance.com:9443/ws/btcusdt@trade',
  gemini: 'wss://api.gemini.com/v1/marketdata/btcusd',
};

/** Made-up frames of a feed, recorded. */
function recording(n: number, shape: 'binance' | 'gemini' = 'binance'): string {
  const source = frames(shape, 11, 'btcusd', 1000);
  const made = Array.from({ length: n }, (_, at) => source.next(MS + at));
  return made.map((raw, at) => recordedLine({ received_ms: MS + at, source: shape, url: URL_OF[shape], raw })).join('');
}

/** Replays a file of this text, or of this name in the folder, and answers with the folder and what was logged. */
async function replay(t: Test, text: string | { file: string }, more = '') {
  const cwd = t.testdir({});
  const file = typeof text === 'string' ? join(cwd, 'recording.jsonl') : text.file;
  if (typeof text === 'string') writeFileSync(file, text);
  folder(cwd, [], `${more}\n[engine]\ningest_mode = "replay"\nreplay_file = "${file}"\nstrategy = "sma"\n`);
  const { code, stdout, stderr } = await engine(cwd, 'run').ended;
  const stopped = logLines(stdout).find((line) => line['msg'] === 'stopped') as Record<string, number> | undefined;
  return { cwd, code, stdout, stderr, stopped };
}

const SIGNALS = 'SELECT * FROM signals ORDER BY id';
const ORDERS = 'SELECT * FROM orders ORDER BY id';
const TICKS = 'SELECT symbol, price, volume, ts, source, trade_id FROM ticks ORDER BY id';

t.test('a recording becomes ticks under the names of its sources, and the engine ends with 0', async (t) => {
  const { cwd, code, stopped } = await replay(t, recording(500) + recording(500, 'gemini'));
  t.equal(code, 0);
  t.match(stopped, { received: 1000, ticks: 1000, ticks_written: 1000, unaccounted: 0, dropped: 0 });
  t.same(rows(cwd, 'SELECT source, symbol, COUNT(*) AS n FROM ticks GROUP BY source'), [
    { source: 'binance', symbol: 'BTCUSD', n: 500 },
    { source: 'gemini', symbol: 'BTCUSD', n: 500 },
  ]);
  t.same(rows(cwd, "SELECT COUNT(*) AS n FROM coverage WHERE kind = 'connected' AND to_ms >= from_ms"), [{ n: 2 }]);
});

t.test('one file twice gives the same signals and orders, byte for byte, in SHADOW and in PAPER', async (t) => {
  const text = recording(3000);
  for (const mode of ['SHADOW', 'PAPER'])
    await t.test(mode, async (t) => {
      const seen: string[] = [];
      for (const name of ['first', 'second'])
        await t.test(name, async (t) => {
          const { cwd } = await replay(t, text, `mode = "${mode}"`);
          t.ok(count(cwd, 'signals') > 20 && count(cwd, 'orders') > 40 && count(cwd, 'trades') > 10);
          seen.push(JSON.stringify([rows(cwd, SIGNALS), rows(cwd, ORDERS), rows(cwd, 'SELECT * FROM trades')]));
        });
      t.equal(seen[0], seen[1]);
    });
});

t.test('live through `hybrid-feed serve` and directly: the same trades', async (t) => {
  const { cwd: direct } = await replay(t, recording(4000));
  await t.test('live', async (t) => {
    const serving = feed('serve', join(direct, 'recording.jsonl'), '--speed', 'max', '--port', '0');
    t.teardown(() => serving.child.kill('SIGTERM'));
    const { urls } = (await serving.said) as { urls: string[] };
    // However late a tick is on a busy machine, its order is not vetoed for that.
    const rules = 'strategy = "sma"\nstale_after_ms = 3600000\n';
    const text = `[engine]\ningest_mode = "mockws"\nws_url = "${urls[0]}"\n${rules}`;
    const cwd = folder(t.testdir({}), [], text);
    const { child, ended } = engine(cwd, 'run');
    await eventually(() => count(cwd) >= 4000);
    child.kill('SIGTERM');
    t.equal((await ended).code, 0);
    const all = 'SELECT symbol, price, volume, ts, trade_id FROM ticks ORDER BY id';
    t.same(rows(cwd, all), rows(direct, all));
    const fills = 'SELECT ts, symbol, side, quantity, price, fee FROM trades ORDER BY id';
    t.ok(count(cwd, 'trades') > 20);
    t.same(rows(cwd, fills), rows(direct, fills));
  });
});

t.test('a plain file of raw frames: what each means, as from a socket', async (t) => {
  const lines = [LIVE['binance'], LIVE['gemini v1'], HISTORY['kraken v2'], MALFORMED['a price of zero'], '', 'garbage'];
  const { cwd, code, stopped } = await replay(t, `\uFEFF${lines.join('\r\n')}`);
  t.equal(code, 0);
  // The mark of a UTF-8 file is not part of its first line.
  t.match(stopped, { received: 5, kept: 2, history: 1, malformed: 2, unaccounted: 0 });
  t.same(rows(cwd, 'SELECT DISTINCT source, symbol FROM ticks'), [
    { source: 'replay', symbol: 'BTCUSDT' },
    { source: 'replay', symbol: 'BTCUSD' },
  ]);
  t.match(rows(cwd, 'SELECT raw FROM quarantine ORDER BY id'), [
    { raw: MALFORMED['a price of zero'] },
    { raw: 'garbage' },
  ]);
});

t.test('ticks as lines, those that do not hold kept aside; sampled like anything else', async (t) => {
  const tick = (more: object) => `${JSON.stringify({ symbol: 'BTCUSD', price: 100.5, volume: 2, ts: MS, ...more })}\n`;
  const bad = [{ price: -1 }, { price: null }, { volume: '-3' }, { ts: 5 }, { symbol: '' }, { trade_id: 1.5 }];
  const good = [{}, { volume: 0 }, { source: 'x', trade_id: '77' }, { symbol: 'ETHUSD', price: '1e2' }];
  const text = [...good, ...bad].map(tick).join('');
  const { cwd, stopped } = await replay(t, text);
  t.match(stopped, { received: 10, kept: 4, malformed: 6, unaccounted: 0 });
  t.same(rows(cwd, TICKS), [
    { symbol: 'BTCUSD', price: 100.5, volume: 2, ts: MS, source: 'replay', trade_id: null },
    { symbol: 'BTCUSD', price: 100.5, volume: 0, ts: MS, source: 'replay', trade_id: null },
    { symbol: 'BTCUSD', price: 100.5, volume: 2, ts: MS, source: 'x', trade_id: '77' },
    { symbol: 'ETHUSD', price: 100, volume: 2, ts: MS, source: 'replay', trade_id: null },
  ]);
  t.equal(count(cwd, 'quarantine'), 6);
});

t.test('recordings of other recorders are read: frames beside their times, and ticks under other names', async (t) => {
  const raw = (id: number) => LIVE['kraken v2'].replace('4321', String(id));
  const iso = new Date(MS).toISOString();
  const lines = [
    JSON.stringify({ received_at: iso, exchange: 'kraken', raw: raw(1) }),
    `{"local_timestamp":${MS}000,"data":${raw(2)}}`,
    `${iso} ${raw(3)}`,
    JSON.stringify({ ts: MS, symbol: 'ETHUSD', msg: LIVE['gemini v1'] }),
    JSON.stringify({ pair: 'BTC/USD', price: '2.5', qty: '1e-3', timestamp: iso }),
    JSON.stringify({ type: 'tick', price: 3, size: 1, time: MS / 1000 }),
    `{"symbol":"BTCUSD","price":4,"amount":0,"ts":${MS}117161,"tid":13834774380200032777}`,
    JSON.stringify({ ts: MS, data: { symbol: 'BTCUSD', price: 5, volume: 1, ts: MS } }),
  ];
  const { cwd, code, stopped } = await replay(t, `${lines.join('\r\n')}\n  \n`);
  t.equal(code, 0);
  t.match(stopped, { received: 8, kept: 7, ignored: 1, unaccounted: 0 }, 'what was recorded as a frame is a frame');
  t.same(
    rows(cwd, TICKS).map(({ symbol, price, volume, ts, source, trade_id }) => [
      [symbol, source, trade_id].join(' '),
      [price, volume, (ts as number) - MS].join(' '),
    ]),
    [
      ['BTCUSD kraken 1', '84106.09 0.00007 0'],
      ['BTCUSD replay 2', '84106.09 0.00007 0'],
      ['BTCUSD replay 3', '84106.09 0.00007 0'],
      ['ETHUSD replay 4321', '84106.09 0.00007 0'],
      ['BTCUSD replay ', '2.5 0.001 0'],
      ['BTCUSD replay ', '3 1 0'],
      ['BTCUSD replay 13834774380200032777', '4 0 0'],
    ],
  );
});

t.test('the first five lines that cannot be read are logged by number; the rest are summed', async (t) => {
  const unread = (stdout: string) => logLines(stdout).filter(({ msg }) => msg === 'a line cannot be read');
  const mixed = await replay(t, `${LIVE['binance']}\n\n{"e":"tra\n{"open":1,"close":2}\n{"e":"trade"`);
  t.equal(mixed.code, 0);
  t.match(unread(mixed.stdout), [
    { line: 3, why: 'not JSON', valid: /a frame as it came/, file: /recording\.jsonl$/ },
    { line: 4, why: 'JSON that is not a frame of a known exchange' },
    { line: 5, why: 'not JSON' },
  ]);
  t.notMatch(mixed.stdout, /no trade is in the recording/);
  await t.test('nothing that can be read', async (t) => {
    const { code, stdout } = await replay(t, '{"open":1,"close":2}\n'.repeat(20));
    t.equal(code, 11);
    t.equal(unread(stdout).length, 5);
    t.match(stdout, /"unread":20,"lines":20,"msg":"lines that cannot be read"/);
  });
  await t.test('nothing but other streams', async (t) => {
    const { code, stdout } = await replay(t, IGNORED['binance kline']);
    t.equal(code, 0);
    t.match(stdout, /"lines":1,"msg":"no trade is in the recording"/);
  });
});

t.test('a file other than lines of text is refused with what to do about it', async (t) => {
  for (const [name, bytes, said] of [
    ['gzip', gzipSync(recording(3)), /gunzip -k/],
    ['UTF-16', Buffer.from(`\uFEFF${recording(3)}`, 'utf16le'), /iconv -f UTF-16 -t UTF-8/],
  ] as const)
    await t.test(name, async (t) => {
      const file = join(t.testdir({}), 'file');
      writeFileSync(file, bytes);
      await t.test('replayed', async (t) => t.match(await replay(t, { file }), { code: 12, stdout: said }));
    });
});

t.test("a database is replayed in the order of its ids: this engine's, and the earlier system's", async (t) => {
  const { cwd: first } = await replay(t, recording(2500));
  await t.test('ours', async (t) => {
    const { cwd, code } = await replay(t, { file: database(first) });
    t.equal(code, 0);
    t.same(rows(cwd, TICKS), rows(first, TICKS));
    t.same(
      rows(cwd, 'SELECT ts, side, price FROM signals ORDER BY id'),
      rows(first, 'SELECT ts, side, price FROM signals ORDER BY id'),
    );
  });
  await t.test('earlier', async (t) => {
    const file = join(t.testdir({}), 'earlier.db');
    const db = new Database(file);
    db.exec(`CREATE TABLE ticks (id INTEGER PRIMARY KEY, symbol TEXT, price REAL, volume REAL, ts INTEGER);
      INSERT INTO ticks VALUES (7, 'BTCUSD', 2.5, 1, ${MS}), (3, 'BTCUSD', 1.5, 0, ${MS})`);
    db.close();
    await t.test('replayed', async (t) => {
      const { cwd } = await replay(t, { file });
      t.match(rows(cwd, TICKS), [{ price: 1.5 }, { price: 2.5 }]);
    });
  });
});

t.test('a replay that is faster than the disk waits and drops nothing', async (t) => {
  const small = '[channels]\nticks = 300\n[storage]\nbatch_rows = 100\n';
  const { stopped, code } = await replay(t, recording(5000), small);
  t.equal(code, 0);
  t.match(stopped, { received: 5000, kept: 5000, dropped: 0, ticks_written: 5000 });
});

t.test('what cannot be replayed: nothing but garbage, another database, a file that is not there', async (t) => {
  const garbage = await replay(t, 'a\nb\nc\n');
  t.equal(garbage.code, 11);
  t.match(garbage.stdout, /nothing but malformed frames/);
  t.equal(count(garbage.cwd, 'quarantine'), 3, 'and it is kept aside');
  const cases: [name: string, code: number, said: RegExp][] = [
    ['missing.jsonl', 12, /config\.toml:3: engine\.replay_file: missing\.jsonl: no such file; valid: /],
    ['config', 12, /engine\.replay_file: config is not a file; valid: /],
    ['data/bot.db', 12, /engine\.replay_file: data\/bot\.db is the database being written; valid: /],
    ['other.db', 12, /"key":"engine.replay_file","file":"other.db","why":"no table \\"ticks\\""/],
  ];
  for (const [name, code, said] of cases)
    await t.test(name, async (t) => {
      const cwd = t.testdir({ data: { 'bot.db': '' } });
      new Database(join(cwd, 'other.db')).exec('CREATE TABLE other (x)').close();
      folder(cwd, [], `[engine]\ningest_mode = "replay"\nreplay_file = "${name}"\n`);
      const ended = await engine(cwd, 'run').ended;
      t.equal(ended.code, code);
      t.match(ended.stderr + ended.stdout, said);
    });
  await t.test('--mode replay without a file', async (t) => {
    const cwd = folder(t.testdir({}), [], '');
    t.match(await engine(cwd, 'run', '--mode', 'replay').ended, { code: 12, stderr: /engine\.replay_file: missing/ });
  });
});

t.test('an empty recording ends with 0; SIGTERM in the middle commits what was read', async (t) => {
  const empty = await replay(t, '');
  t.match(empty, { code: 0, stopped: { received: 0, unaccounted: 0 } });
  await t.test('SIGTERM', async (t) => {
    const cwd = t.testdir({ 'f.jsonl': recording(20_000) });
    const slow = '[channels]\nticks = 100\n[storage]\nbatch_rows = 50\nflush_interval_ms = 10\n';
    folder(cwd, [], `${slow}[engine]\ningest_mode = "replay"\nreplay_file = "f.jsonl"\n`);
    const { child, ended } = engine(cwd, 'run');
    await eventually(() => count(cwd) > 100);
    child.kill('SIGTERM');
    const { code, stdout } = await ended;
    t.equal(code, 0);
    const stopped = logLines(stdout).find((line) => line['msg'] === 'stopped');
    t.match(stopped, { unaccounted: 0, dropped: 0, kept: count(cwd) });
  });
});
