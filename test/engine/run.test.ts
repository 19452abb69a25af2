import { once } from 'node:events';
import { openDatabase } from '@hybrid-soak/engine/store/open/open.ts';
import { serve } from '@hybrid-soak/feed/serve.ts';
import t, { type Test } from 'tap';
import { WebSocketServer } from 'ws';
import { eventually } from '../eventually.ts';
import { LIVE, MS } from '../fixtures/frames.ts';
import { count, database, engine, folder, logLines, rows, writeLock } from './engine.ts';

// Each waits for rows or a deadline most of its time.
t.jobs = 3;

const REALWS = '[engine]\ningest_mode = "realws"\n';
const exchange = (rate: number) => serve({ port: 0, host: '127.0.0.1', rate, seed: 7 });
const binance = (port: number) => `ws://127.0.0.1:${port}/ws/btcusdt@trade`;
const gemini = (port: number) => `ws://127.0.0.1:${port}/v1/marketdata/btcusd`;

interface Totals {
  code: number;
  received: number;
  kept: number;
  sampled_out: number;
  ticks: number;
  ticks_written: number;
  unaccounted: number;
}
const totals = (stdout: string) => logLines(stdout).find((line) => line['msg'] === 'stopped') as unknown as Totals;

t.test('frames of a real WebSocket become rows; SIGTERM loses nothing that was received', async (t) => {
  const feed = await exchange(2000);
  t.teardown(() => feed.close());
  for (const url of [binance(feed.port), gemini(feed.port)]) {
    const cwd = folder(t.testdir({}), [url], REALWS);
    const { child, ended, logged } = engine(cwd, 'run');
    t.match(await logged('database verified'), {
      pragmas: { journal_mode: 'wal', synchronous: 1, busy_timeout: 5000 },
    });
    await eventually(() => count(cwd) > 500);
    child.kill('SIGTERM');
    const { code, stdout, stderr } = await ended;
    t.equal(code, 0, stderr);
    const said = totals(stdout);
    t.match(said, { code: 0, unaccounted: 0, ticks: said.received - (url.includes('marketdata') ? 1 : 0) });
    t.equal(count(cwd), said.ticks, 'every tick is a row');
    t.same(rows(cwd, 'PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
    const ids = rows<{ n: number }>(cwd, 'SELECT COUNT(DISTINCT trade_id) AS n FROM ticks')[0];
    t.equal(ids?.n, said.ticks, 'no trade twice');
    t.match(rows(cwd, 'SELECT * FROM ticks LIMIT 1')[0], { symbol: 'BTCUSD', source: 's1', price: Number, ts: Number });
    const heartbeat = rows(cwd, 'SELECT * FROM engine_status')[0];
    t.match(heartbeat, { pid: child.pid, ticks_written: said.ticks, connection: 'stopped', sample_every: 1 });
    t.ok(count(cwd, 'signals') > 0 && count(cwd, 'orders') >= count(cwd, 'signals'));
  }
});

t.test('one trade frame in N is kept, in every mode', async (t) => {
  const feed = await exchange(1000);
  t.teardown(() => feed.close());
  const modes = {
    realws: REALWS,
    mockws: `[engine]\ningest_mode = "mockws"\nws_url = "${binance(feed.port)}"\n`,
    synthetic: '[engine]\ningest_mode = "synthetic"\ntick_interval_ms = 1\n',
  };
  for (const [mode, text] of Object.entries(modes)) {
    const cwd = folder(t.testdir({}), [binance(feed.port)], `${text}sample_every = 20\n`);
    const { child, ended } = engine(cwd, 'run');
    await eventually(() => count(cwd) > 20);
    child.kill('SIGTERM');
    const said = totals((await ended).stdout);
    t.equal(said.kept, Math.floor(said.received / 20), `${mode}: ${said.received} received`);
    t.equal(said.unaccounted, 0);
    t.equal(count(cwd), said.kept);
  }
});

for (const every of [1, 5])
  t.test(`a source that cannot be reached is left for the next one: 1 in ${every} read`, async (t) => {
    const feed = await exchange(100);
    t.teardown(() => feed.close());
    const cwd = folder(
      t.testdir({}),
      ['ws://127.0.0.1:9/ws/btcusdt@trade', gemini(feed.port)],
      `${REALWS}sample_every = ${every}\n`,
    );
    const { child, ended, logged } = engine(cwd, 'run');
    t.match(await logged('source lost'), { source: 's1' });
    await eventually(() => count(cwd) > 5);
    t.same(rows(cwd, 'SELECT DISTINCT source FROM ticks'), [{ source: 's2' }]);
    child.kill('SIGINT');
    t.equal((await ended).code, 0);
  });

/** A server that sends what `frames` gives, every 10 ms; the URL of it. */
async function scripted(t: Pick<Test, 'teardown'>, frames: () => string[]): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  t.teardown(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  server.on('connection', (socket) => {
    const timer = setInterval(() => {
      for (const text of frames()) socket.send(text);
    }, 10);
    socket.on('close', () => clearInterval(timer));
  });
  await once(server, 'listening');
  return binance((server.address() as { port: number }).port);
}

t.test('a malformed frame is kept aside and counted, and stops nothing', async (t) => {
  const good = { e: 'trade', E: 1_700_000_000_000, s: 'BTCUSDT', p: '1.5', q: '2', T: 1_700_000_000_000, m: true };
  let id = 1;
  const url = await scripted(t, () => [
    '{"e":"trade"',
    '{"e":"trade","p":"0.-1"}',
    JSON.stringify({ ...good, t: id++ }),
  ]);
  const cwd = folder(t.testdir({}), [url], REALWS);
  const { child, ended } = engine(cwd, 'run');
  await eventually(() => count(cwd) > 10);
  child.kill('SIGTERM');
  const said = totals((await ended).stdout);
  t.equal(said.unaccounted, 0);
  t.equal(count(cwd), said.ticks);
  t.match(rows(cwd, 'SELECT DISTINCT raw FROM quarantine ORDER BY raw'), [
    { raw: '{"e":"trade"' },
    { raw: '{"e":"trade","p":"0.-1"}' },
  ]);
});

t.test('every source unreachable past the deadline: exit 10', async (t) => {
  const rules = `${REALWS}unreachable_deadline_s = 1\n`;
  const cwd = folder(t.testdir({}), ['ws://127.0.0.1:9/ws/btcusdt@trade'], rules);
  t.match(await engine(cwd, 'run').ended, { code: 10, stdout: /every source is unreachable/ });
});

for (const every of [1, 5]) {
  t.test(`nothing but garbage past the deadline: exit 11, also if 1 trade frame in ${every} is read`, async (t) => {
    const url = await scripted(t, () => ['{"e":"trade","s":"BTCUSDT","p":{}}']);
    const rules = `${REALWS}garbage_deadline_s = 1\nsample_every = ${every}\n`;
    const cwd = folder(t.testdir({}), [url], rules);
    const { code, stdout } = await engine(cwd, 'run').ended;
    t.equal(code, 11);
    t.match(stdout, /nothing but malformed frames/);
    t.match(logLines(stdout).at(-1), { msg: 'stopped', unaccounted: 0 });
  });

  t.test(`a source that changes its format is lost and the next one serves; 1 in ${every} read`, async (t) => {
    let id = 1;
    const trade = (price: string) =>
      `{"e":"trade","E":${MS},"s":"BTCUSDT","t":${id++},"p":${price},"q":"2","T":${MS},"m":true,"M":true}`;
    const changing = await scripted(t, () => [trade(id < 40 ? '"1.5"' : '{"v":"1.5"}')]);
    const sound = await scripted(t, () => [trade('"1.5"')]);
    const rules = `${REALWS}garbage_deadline_s = 6\nsample_every = ${every}\n`;
    const cwd = folder(t.testdir({}), [changing, sound], rules);
    const { child, ended } = engine(cwd, 'run');
    await eventually(() => rows(cwd, "SELECT 1 FROM ticks WHERE source = 's2'").length > 0);
    t.match(rows(cwd, 'SELECT name, verdict FROM source_health'), [{ name: 's1', verdict: 'garbage' }]);
    child.kill('SIGTERM');
    const { code, stdout } = await ended;
    t.equal(code, 0, stdout);
    t.match(logLines(stdout).at(-1), { msg: 'stopped', unaccounted: 0 });
    // After a restart it is not the first to be tried.
    const again = engine(cwd, 'run');
    t.match(await again.logged('connected'), { source: 's2' });
    again.child.kill('SIGTERM');
    t.equal((await again.ended).code, 0);
  });
}

t.test('a disk that cannot keep up past the deadline: exit 13', async (t) => {
  const cwd = folder(t.testdir({}), [], '[engine]\ntick_interval_ms = 1\noverload_deadline_s = 4\n');
  const { ended } = engine(cwd, 'run');
  await eventually(() => count(cwd) > 10);
  writeLock(t, cwd);
  t.match(await ended, { code: 13, stdout: /the disk cannot keep up/ });
});

t.test('a lock that another connection holds delays no intake, and nothing is lost', async (t) => {
  const feed = await exchange(1000);
  t.teardown(() => feed.close());
  const cwd = folder(t.testdir({}), [binance(feed.port)], REALWS);
  const { child, ended } = engine(cwd, 'run');
  await eventually(() => count(cwd) > 100);
  const other = writeLock(t, cwd);
  const [held, sent] = [count(cwd), feed.sent()];
  await eventually(() => feed.sent() > sent + 2000);
  t.equal(count(cwd), held, 'nothing is written meanwhile');
  other.exec('ROLLBACK');
  other.close();
  await eventually(() => count(cwd) >= held + 2000);
  child.kill('SIGTERM');
  const said = totals((await ended).stdout);
  t.match(said, { code: 0, unaccounted: 0, dropped: 0 });
  t.equal(count(cwd), said.ticks);
  t.same(rows(cwd, 'SELECT * FROM gaps'), [], 'no trade was missed');
});

t.test('what was dropped is known once the disk has caught up, not a flush interval later', async (t) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  t.teardown(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const cwd = folder(
    t.testdir({}),
    [binance(port)],
    `${REALWS}[storage]\nflush_interval_ms = 60000\nbatch_rows = 500\n[channels]\nticks = 600\n`,
  );
  const connected = once(server, 'connection');
  const { child, ended } = engine(cwd, 'run');
  const [socket] = await connected;
  let id = 1;
  const send = () => socket.send(LIVE['binance'].replace('4321', String(id++)));
  send();
  await eventually(() => count(cwd) === 1);
  const other = writeLock(t, cwd);
  while (id <= 1500) send();
  socket.ping();
  await once(socket, 'pong');
  other.exec('ROLLBACK');
  other.close();
  const since = performance.now();
  const sql = 'SELECT frames_received, ticks_written, drops FROM engine_status WHERE drops > 0';
  const [status] = await eventually(() => rows(cwd, sql).length > 0 && rows(cwd, sql));
  t.ok(performance.now() - since < 30_000);
  // The first was committed before.
  t.same(status, { frames_received: 1500, ticks_written: 1 + 600, drops: 899 });
  child.kill('SIGTERM');
  t.equal((await ended).code, 0);
});

t.test('kill -9 loses at most what was not flushed: the database is sound', async (t) => {
  const cwd = folder(t.testdir({}), [], '[engine]\ntick_interval_ms = 1\n[storage]\nflush_interval_ms = 50\n');
  const { child, ended } = engine(cwd, 'run');
  const seen = await eventually(() => count(cwd) > 200 && count(cwd));
  child.kill('SIGKILL');
  t.equal((await ended).signal, 'SIGKILL');
  t.ok(count(cwd) >= seen);
  t.same(rows(cwd, 'PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
});

t.test('a restart does not forget what is held: the caps count it', async (t) => {
  // However late a tick is, its order is not vetoed for that.
  const rules = '[engine]\ntick_interval_ms = 5\nsignal_every_n_ticks = 1\nstale_after_ms = 3600000\n';
  const cwd = folder(t.testdir({ data: {} }), [], rules);
  const { db } = openDatabase(database(cwd));
  db.exec("INSERT INTO holdings (symbol, quantity, price) VALUES ('BTCUSD', 100, 100)");
  db.close();
  const { child, ended } = engine(cwd, 'run');
  await eventually(() => count(cwd, 'orders') > 3);
  child.kill('SIGTERM');
  t.equal((await ended).code, 0);
  t.match(rows(cwd, 'SELECT side, state, reason FROM orders ORDER BY id'), [
    { side: 'BUY', state: 'VETOED', reason: /^RISK_CAP: symbol exposure would be 10000\.10 of 500 USD/ },
    { side: 'SELL', state: 'NEW' },
    { side: 'SELL', state: 'FILLED' },
  ]);
});
