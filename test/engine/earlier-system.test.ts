import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { configSchema } from '@hybrid-soak/contract/config.ts';
import { checkConfig, checkSources } from '@hybrid-soak/contract/config-check.ts';
import { ENGINE_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { formatFault } from '@hybrid-soak/contract/fault.ts';
import { opsPaths } from '@hybrid-soak/supervisor/adapters/ops-paths.ts';
import t from 'tap';
import { ENGINE, SOAK } from '../programs.ts';
import { Soak } from '../supervisor/core/soak.ts';
import { engine, logLines, rows } from './engine.ts';

/** What the earlier system's README shows, and what it gives here. */
const KEYS: [table: string, key: string, value: string][] = [
  ['', 'mode', '"SHADOW"'],
  ['', 'live_armed', 'false'],
  ['app', 'symbol', '"BTCUSD"'],
  ['app', 'db_path', '"data/bot.db"'],
  ['engine', 'tick_interval_ms', '500'],
  ['engine', 'start_price', '100.0'],
  ['engine', 'price_step', '0.05'],
  ['engine', 'volume', '1.0'],
  ['engine', 'sample_every', '1'],
  ['engine', 'ingest_mode', '"SYNTHETIC"'],
  ['engine', 'ws_url', '"ws://127.0.0.1:9001"'],
  ['engine', 'replay_file', '"data/replay.jsonl"'],
  ['engine', 'signal_every_n_ticks', '10'],
  ['engine', 'heartbeat_interval_secs', '5'],
  ['engine', 'run_seconds', '60'],
  ['risk_caps', 'max_exposure_usd', '1000.0'],
  ['risk_caps', 'max_symbol_exposure_usd', '500.0'],
  ['risk_caps', 'max_open_orders', '5'],
  ['channels', 'tick_channel_size', '1024'],
  ['channels', 'signal_channel_size', '1024'],
  ['channels', 'persist_channel_size', '1024'],
  ['channels', 'market_capacity', '1024'],
  ['dashboard', 'host', '"127.0.0.1"'],
  ['dashboard', 'port', '8501'],
  ['dashboard', 'refresh_seconds', '2'],
];

/** A wrong flag, the command it was given to, and the flag or key that the error names. */
const FLAGS: [command: string[], right: RegExp][] = [
  [['hybrid-engine', 'run', '--seconds', '60'], /run_seconds/],
  [['hybrid-engine', 'run', '--db', 'x.db'], /\[app\] db_path/],
  [['hybrid-engine', 'run', '--psi-actions', 'on'], /soak run --psi-actions/],
  [['hybrid-engine', 'run', '--stall-threshold-sec', '45'], /soak run --stall-threshold/],
  [['hybrid-engine', 'run', '--mode', 'REAL'], /synthetic, replay, mockws, realws/],
  [['soak', 'run', '--stall-threshold-sec', '45'], /valid: --stall-threshold /],
  [['soak', 'run', '--run-seconds', '45'], /valid: --duration /],
  [['hybrid-engine', 'check-config', '--mode=REAL_WS'], /valid: `hybrid-engine run --mode`/],
  [['soak', 'replay', 'x', '--stall-threshold-sec=45'], /valid: `soak run --stall-threshold 45s`/],
  [['soak', 'status', '--seconds=60'], /valid: `soak run --seconds`/],
  [['soak', 'status', '--db', 'x.db'], /valid: --config, whose \[app\] db_path/],
  [['soak', '--psi-actions', 'on'], /valid: `soak run --psi-actions`/],
  [['soak', 'run', '--mode', 'REAL'], /synthetic, replay, mockws, realws/],
  [['soak', 'run', '--psi-actions', 'yes'], /on, logonly, off/],
];

for (const [table, key, value] of KEYS)
  t.test(`the key ${table === '' ? '' : `[${table}] `}${key} is accepted`, async (t) => {
    const checked = checkConfig(`${table === '' ? '' : `[${table}]\n`}${key} = ${value}\n`, 'config.toml');
    t.same(checked.ok ? [] : checked.faults.map(formatFault), []);
  });

t.test('its ws_sources.toml is accepted', async (t) => {
  t.ok(checkSources('[[source]]\nname = "a"\nurl = "ws://h/ws/x"\nkind = "ticker"\npriority = 1\n', 's').ok);
});

for (const [[program = '', ...args], right] of FLAGS)
  t.test(`${program} ${args.join(' ')} is exit 2 and names the right one`, async (t) => {
    const bin = program === 'soak' ? SOAK : ENGINE;
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((done) => {
      execFile(bin, args, { cwd: t.testdir({}) }, (error, _, said) => done({ code: error?.code, stderr: said }));
    });
    t.equal(code, 2);
    t.match(stderr, right);
  });

/** Its files, from the folder in which its commands are started. */
t.test('its files are where they were', async (t) => {
  const { app } = configSchema.parse({});
  const { decisions, abort } = opsPaths();
  t.same(
    [app.db_path, relative('.', decisions), relative('.', abort)],
    ['data/bot.db', 'data/ops/soak_decisions.jsonl', 'data/ops/ABORT'],
  );
});

/** What a script looks for in a line of its decision log: names, values and their order, which never change. */
const LINES: [what: string, line: RegExp][] = [
  ['every record', /^\{"timestamp":"\d{4}-\d\d-\d\dT[\d:.]+Z",.*"ingest_mode":"realws","psi_actions":"on",/],
  ['a rung', /"state":"THROTTLE1","current_sample_every":5,"action":"ENGINE_RESTART","reason":"/],
  ["the kernel's line and its number", /"cpu_some_raw":"some avg10=[\d.]+[^"]*","cpu_some_avg10":[\d.]+,/],
  ['each resource', /"memory_some_avg10":[\d.]+,.*"io_some_avg10":[\d.]+,/],
  [
    'a stall',
    /"action":"STALL",.*"seconds_since_progress":4\d(\.\d+)?,"ticks_count":\d+,"last_tick_ts":\d+,.*"stall_streak":1/,
  ],
  ['the last rung', /"state":"THROTTLE3","current_sample_every":20,"action":"THROTTLE_MAX"/],
  ['the end', /"state":"THROTTLE3","current_sample_every":20,"action":"ABORT","reason":"/],
];

t.test('lines of the decision log have what its scripts look for', async (t) => {
  const climbing = new Soak({ policy: 'classic' }).run(10).set({ cpu: 80, share: 0.8 }).run(300);
  const stalled = new Soak().run(60).set({ rowsPerS: 0, heartbeat: false }).run(100);
  const lines = [...climbing.records, ...stalled.records].map((record) => JSON.stringify(record));
  for (const line of lines) t.match(line, LINES[0]?.[1]);
  for (const [what, wanted] of LINES)
    t.ok(
      lines.some((line) => wanted.test(line)),
      what,
    );
});

t.test('its exit codes mean what they meant', async (t) => {
  t.match(ENGINE_EXIT, { COMPLETE: 0, CRASH: 1, NETWORK: 10, PARSE: 11, CONFIG: 12, OVERLOAD: 13 });
});

t.test(
  'its spelling of a mode, its heartbeat and run_seconds: runs that long, logs each second, exits 0',
  async (t) => {
    const text =
      '[engine]\ningest_mode = "SYNTHETIC"\ntick_interval_ms = 20\nrun_seconds = 2.5\nheartbeat_interval_secs = 1\n[channels]\nmarket_capacity = 8\n';
    const cwd = t.testdir({ config: { 'config.toml': text } });
    const { code, stdout } = await engine(cwd, 'run', '--mode', 'SYNTHETIC').ended;
    t.equal(code, 0, stdout);
    const messages = logLines(stdout).map(({ msg }) => String(msg));
    for (const line of ['started', 'heartbeat', 'stopped']) t.ok(messages.includes(line), line);
    t.match(
      logLines(stdout).find(({ msg }) => msg === 'heartbeat'),
      { level: 30 },
    );
    t.match(messages.join('\n'), /channels\.market_capacity: accepted, but has no effect/);
    t.match(rows(cwd, 'SELECT end_reason, exit_code FROM engine_lives'), [{ end_reason: 'run-seconds', exit_code: 0 }]);
    t.ok(readFileSync(join(cwd, 'data/bot.db')).length > 0, 'the database is where it was');
  },
);
