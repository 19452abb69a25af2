import { checkConfig, checkSources } from '@hybrid-soak/contract/config-check.ts';
import { configWarnings, earlierSetting } from '@hybrid-soak/contract/earlier-system.ts';
import { formatFault } from '@hybrid-soak/contract/fault.ts';
import t from 'tap';

const faults = (text: string) => {
  const checked = checkConfig(text, 'config.toml');
  return checked.ok ? [] : checked.faults.map(formatFault);
};

t.test('an empty file is a valid configuration of defaults', async (t) => {
  const checked = checkConfig('', 'config.toml');
  t.ok(checked.ok && checked.value.engine.sample_every === 1 && checked.value.mode === 'SHADOW');
});

t.test("the earlier system's keys are good as they are", async (t) => {
  const text = `mode = "shadow"
live_armed = false
[app]
symbol = "BTCUSD"
db_path = "data/bot.db"
[engine]
tick_interval_ms = 500
start_price = 100.0
price_step = 0.05
volume = 1.0
sample_every = 1
ingest_mode = "realws"
ws_url = "ws://127.0.0.1:9001"
replay_file = "data/replay.jsonl"
signal_every_n_ticks = 10
[risk_caps]
max_exposure_usd = 1000.0
max_symbol_exposure_usd = 500.0
max_open_orders = 5
[channels]
market_capacity = 1024
[dashboard]
host = "127.0.0.1"
port = 8501
refresh_seconds = 2
`;
  t.same(faults(text), []);
  const sources =
    '[[source]]\nname = "binance"\nurl = "wss://stream.binance.com:9443/ws/btcusdt@trade"\nkind = "ticker"\npriority = 1\n';
  t.ok(checkSources(sources, 's').ok);
});

t.test(
  'the earlier system’s modes, run time and heartbeat are understood in every table that it had them in',
  async (t) => {
    for (const [spelled, mode] of [
      ['SYNTHETIC', 'synthetic'],
      ['REPLAY', 'replay'],
      ['MOCK_WS', 'mockws'],
      ['REAL_WS', 'realws'],
    ]) {
      const text = `[engine]\ningest_mode = "${spelled}"\nws_url = "ws://x"\nreplay_file = "r"\n`;
      const checked = checkConfig(text, 'c');
      t.equal(checked.ok && checked.value.engine.ingest_mode, mode);
    }
    const keys = 'heartbeat_interval_secs = 5\nrun_seconds = 60\n';
    for (const table of ['', '[app]\n', '[engine]\n']) {
      const checked = checkConfig(`${table}${keys}`, 'c');
      t.equal(checked.ok && earlierSetting(checked.value, 'run_seconds'), 60, table);
      t.equal(checked.ok && earlierSetting(checked.value, 'heartbeat_interval_secs'), 5);
    }
    t.match(faults('run_seconds = -1\n')[0], /run_seconds: is -1; valid: a number from 0/);
  },
);

t.test('[channels] takes known keys only, and says which of them have no effect', async (t) => {
  t.same(faults('[channels]\ntick = 8\n'), ['config.toml:2: channels.tick: unknown key; valid: did you mean ticks?']);
  const checked = checkConfig('[channels]\nticks = 9\nmarket_capacity = 8\n', 'c');
  t.match(checked.ok && configWarnings(checked.value), [
    /^channels.market_capacity: accepted, but has no effect; valid: /,
  ]);
  t.equal(checked.ok && configWarnings(checked.value).length, 1);
});

t.test('a fault shows no secret of a URL', async (t) => {
  for (const text of [
    '[engine]\nws_url = "http://me:secret@h/x?key=secret"\n',
    '[engine]\nws_url = "ws://me:secret@h/x?key=secret\n',
    '[engine]\nws_url = ["ws://me:secr/et@h"]\n',
  ])
    t.notMatch(faults(text)[0], /secr/, text);
});

t.test('each fault names file, line, key and what would be valid', async (t) => {
  t.same(faults('[engine]\nsample_evry = 5\n'), [
    'config.toml:2: engine.sample_evry: unknown key; valid: did you mean sample_every?',
  ]);
  t.same(faults('\n[engine]\nsample_every = 0\n'), [
    'config.toml:3: engine.sample_every: is 0; valid: a number from 1',
  ]);
  t.same(faults('[engine]\nsample_every = "5"\n'), ['config.toml:2: engine.sample_every: is "5"; valid: a number']);
  t.same(faults('[engine]\ningest_mode = "real"\n'), [
    'config.toml:2: engine.ingest_mode: is "real"; valid: one of synthetic, replay, mockws, realws, SYNTHETIC, REPLAY, MOCK_WS, REAL_WS',
  ]);
  t.same(faults('[engine]\ningest_mode = "mockws"\n'), [
    'config.toml:1: engine.ws_url: missing in mode mockws; valid: a ws:// or wss:// URL',
  ]);
  t.match(
    faults('[engine]\nws_url = "http://x"\n')[0],
    /^config.toml:2: engine.ws_url: is "http:\/\/x"; valid: a ws:\/\//,
  );
  t.equal(faults('[engine]\nsample_every = 0\nstrategy = "x"\n').length, 2, 'all of them, not the first alone');
});

t.test('numbers that TOML can write and the engine cannot count with', async (t) => {
  const valid = 'a whole number, without a point or exponent';
  t.same(faults('[engine]\nsample_every = 1.0\n'), [`config.toml:2: engine.sample_every: is 1.0; valid: ${valid}`]);
  t.same(faults('engine = { sample_every = 1e1 }\n'), [`config.toml:1: engine.sample_every: is 1e1; valid: ${valid}`]);
  t.same(faults('[channels]\nticks = 8.0\n'), [`config.toml:2: channels.ticks: is 8.0; valid: ${valid}`]);
  t.same(faults('[engine]\nstart_price = 100\nprice_step = 1.0\n'), [], 'a float accepts both');
  t.same(faults('[engine]\nsample_every = 99999999999999999999\n'), [
    'config.toml:2: engine.sample_every: is too large; valid: at most 9007199254740991',
  ]);
  t.match(
    faults('[channels]\nticks = { b = 9007199254740993 }\n')[0],
    /^config.toml:2: channels.ticks: is \{"b":"9007/,
  );
  t.match(faults('[engine]\nstart_price = inf\n')[0], /:2: engine.start_price: is Infinity; valid: a number/);
});

t.test('a value in place of a table, a table in place of a value, with their lines', async (t) => {
  t.same(faults('app = 5\n'), ['config.toml:1: app: is 5; valid: a table']);
  t.same(faults('\n[[engine]]\nsample_every = 1\n'), [
    'config.toml:2: engine: is [{"sample_every":1}]; valid: a table',
  ]);
  t.match(faults('\nengine.sample_every.x = 1\n')[0], /^config.toml:2: engine.sample_every: is \{"x":1\}/);
  t.match(faults('\n\nnobody.knows = 1\n')[0], /^config.toml:3: nobody: unknown key/);
  t.match(faults('live_armed = "no"\n')[0], /live_armed: is "no"; valid: true or false/);
});

t.test('LIVE is refused', async (t) => {
  t.match(faults('mode = "LIVE"\n')[0], /^config.toml:1: mode: LIVE is refused/);
  t.match(faults('live_armed = true\n')[0], /live_armed: true is refused/);
});

t.test('a syntax error has its line', async (t) => {
  t.match(
    faults('[engine]\nsample_every = # 1\n')[0],
    /^config.toml:2: TOML syntax: .*, column \d+ of `sample_every = # 1`; valid: lines of `key = value`/,
  );
  t.match(faults('[engine]\nsample_every = 1\nsample_every = 1\n')[0], /^config.toml:3: TOML syntax: Can't redefine/);
});

t.test('two sources of one name are a fault, and so is none', async (t) => {
  const twice = '[[source]]\nname = "a"\nurl = "ws://x"\n[[source]]\nname = "a"\nurl = "ws://y"\n';
  const checked = checkSources(twice, 'ws_sources.toml');
  t.match(!checked.ok && checked.faults.map(formatFault)[0], /source.1.name: "a" names two sources/);
  t.notOk(checkSources('', 'ws_sources.toml').ok);
});
