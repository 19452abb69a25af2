import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordedLine } from '@hybrid-soak/contract/recording.ts';
import { frames } from '@hybrid-soak/feed/frames.ts';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { eventually } from '../eventually.ts';
import { feed } from '../feed/feed.ts';
import { HISTORY, LIVE, MALFORMED, MS } from '../fixtures/frames.ts';
import { count, database, engine, folder, logLines, rows } from './engine.ts';

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
    const text = `[engine]\ningest_mode = "mockws"\nws_url = "${urls[0]}"\nstrategy = "sma"\n`;
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
  // The mark of a UTF-8 file is no part of its first line.
  t.match(stopped, { received: 5, kept: 2, history: 1, malformed: 2, unaccounted: 0 });
  t.same(rows(cwd, 'SELECT DISTINCT source, symbol FROM ticks'), [{ source: 'replay', symbol: 'BTCUSD' }]);
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
    ['data/bot.db', 12, /engine\.replay_file: data\/bot\.db is the database that is written; valid: /],
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
