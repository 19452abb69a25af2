import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { ACTIONS } from '@hybrid-soak/contract/decision.ts';
import { type Measured, exposition as ofEngine } from '@hybrid-soak/engine/process/exposition.ts';
import { exposition } from '@hybrid-soak/report/metrics/exposition.ts';
import parse from 'parse-prometheus-text-format';
import t from 'tap';
import { eventually } from '../../../eventually.ts';
import { observationAt } from '../../../report/fixture.ts';
import { CONFIG, decided, run } from '../../cli/soak.ts';

interface Family {
  name: string;
  help: string;
  type: string;
  metrics: { value: string; labels?: Record<string, string> }[];
}
const families = (text: string) => parse(text) as Family[];
const names = (text: string) => families(text).map((family) => family.name);
const numberOf = (text: string, name: string, labels: Record<string, string> = {}) => {
  const found = families(text).find((family) => family.name === name);
  const metric = found?.metrics.find((m) => Object.entries(labels).every(([key, value]) => m.labels?.[key] === value));
  return metric === undefined ? undefined : Number(metric.value);
};

/** The status of a request with this Host, which fetch() does not let a caller set. */
const statusFor = (url: string, host: string) =>
  new Promise((resolve, reject) => {
    const asked = request(url, { headers: { host } }, (response) => resolve(response.resume().statusCode));
    asked.once('error', reject);
    asked.end();
  });

const noPromtool =
  spawnSync('promtool', ['--version']).error !== undefined && 'promtool is not installed (Debian: prometheus)';

const exposed = {
  run_id: 'r"\\\n',
  observations: 9,
  decisions: { STARTUP: 1, HOLD: 3 },
  decided: [{ action: 'HOLD', rung: 'THROTTLE1', at_s: 1.5 }],
  observation: observationAt(100),
  rung: 'THROTTLE2',
  sample_every: 10,
  pressure: { cpu: 61, memory: null, io: 5 },
  parts: {
    cpu: { pressure: 61, share: 50, part: 30.5, before_quota: 30.5 },
    memory: { pressure: null, share: null, part: null, before_quota: null },
    io: { pressure: 5, share: 0, part: 0, before_quota: 0 },
  },
  limit: { cpu: 20, memory: 10, io: 15 },
  stalled_s: 2.5,
};

t.test('every family has a help text, a type, and a name by the conventions', async (t) => {
  const text = await exposition(exposed);
  for (const { name, help, type } of families(text)) {
    t.match(name, /^(soak|hybrid_engine)_[a-z_0-9]+$/);
    t.ok(help.length > 10, name);
    t.equal(/_total$/.test(name), type === 'COUNTER', name);
    t.notMatch(name, /_(ms|usec|percent|mib)(_|$)/);
  }
  t.equal(numberOf(text, 'soak_rung'), 2);
  t.equal(numberOf(text, 'soak_pressure_ratio', { resource: 'cpu' }), 0.61);
  t.equal(numberOf(text, 'soak_engine_part_ratio', { resource: 'cpu' }), 0.305);
  t.equal(numberOf(text, 'soak_pressure_limit_ratio', { resource: 'io' }), 0.15);
  t.equal(numberOf(text, 'soak_pressure_waiting_seconds_total', { resource: 'cpu' }), 30);
  t.equal(numberOf(text, 'soak_decisions_total', { action: 'HOLD' }), 3);
  t.equal(numberOf(text, 'soak_decision_timestamp_seconds', { action: 'HOLD', rung: 'THROTTLE1' }), 1.5);
  t.equal(numberOf(text, 'hybrid_engine_ticks_written_total'), 10_000);
  t.equal(numberOf(text, 'hybrid_engine_memory_bytes'), 64 * 1024 * 1024);
  t.equal(numberOf(text, 'hybrid_engine_connected'), 1);
});

t.test('a blind sensor has no sample, and says that it is blind', async (t) => {
  const blind = { available: false as const, why: 'gone' };
  const observation = observationAt(100, {
    heartbeat: blind,
    cgroup: blind,
    psi: { ...observationAt(1).psi, io: blind },
  });
  const text = await exposition({ ...exposed, observation });
  t.notMatch(names(text).join(), /ticks_written|hybrid_engine_cpu|memory_bytes/);
  t.equal(numberOf(text, 'soak_pressure_ratio', { resource: 'memory' }), undefined);
  t.equal(numberOf(text, 'soak_pressure_waiting_seconds_total', { resource: 'io' }), undefined);
  t.equal(numberOf(text, 'soak_sensor_available', { sensor: 'heartbeat' }), 0);
  t.equal(numberOf(text, 'soak_sensor_available', { sensor: 'cpu' }), 1);
});

/** What the engine exposes itself, with all that it can measure. */
const ENGINE: Measured = {
  frames: { kept: 1 },
  trades: { tick: 1 },
  received: 1,
  ticksCommitted: 1,
  dropped: 0,
  isConnected: true,
  sampleEvery: 1,
  walBytes: 1,
  logLinesDropped: 0,
  startedMs: 1,
  vitals: { cpu_usec: 1, queue_depth: 0, unaccounted: 0, wal_blocked_s: 0, heap_bytes: 1, private_bytes: 1 },
};

t.test('promtool finds nothing to object to', { skip: noPromtool }, async (t) => {
  for (const text of [await exposition(exposed), await ofEngine(ENGINE)]) {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    t.match({ status, said: stdout + stderr }, { status: 0, said: '' });
  }
});

t.test("the dashboard's queries are PromQL, and its annotations are actions", { skip: noPromtool }, async (t) => {
  const dashboard = JSON.parse(
    readFileSync(new URL('../../../../ops/grafana/hybrid-soak.json', import.meta.url), 'utf8'),
  );
  const annotations = dashboard.annotations.list as { expr: string }[];
  const targets = dashboard.panels.flatMap((panel: { targets: { expr: string }[] }) => panel.targets);
  const rules = [...annotations, ...targets].map(({ expr }: { expr: string }, n) => ({ record: `q:${n}`, expr }));
  const file = join(t.testdir({ 'q.yml': JSON.stringify({ groups: [{ name: 'q', rules }] }) }), 'q.yml');
  const checked = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' });
  t.match(checked, { status: 0 }, checked.stderr);
  const named = annotations.flatMap(({ expr }) => (/=~"([^"]+)"/.exec(expr)?.[1] ?? '').split('|'));
  t.ok(named.length > 10);
  t.same(
    named.filter((action) => !(ACTIONS as readonly string[]).includes(action)),
    [],
  );
});

t.test('the alert rules and the dashboard name metrics that exist', async (t) => {
  const known = [...names(await exposition(exposed)), ...names(await ofEngine(ENGINE))];
  for (const file of ['prometheus/hybrid-soak.rules.yml', 'grafana/hybrid-soak.json']) {
    const text = readFileSync(new URL(`../../../../ops/${file}`, import.meta.url), 'utf8');
    const used = [...new Set(text.match(/\b(soak|hybrid_engine)_[a-z_0-9]+\b/g))];
    t.ok(used.length > 5, file);
    t.same(
      used.filter((name) => !known.includes(name)),
      [],
      file,
    );
  }
});

t.test('a soak serves its metrics and writes them to a file, which is gone at its end', async (t) => {
  const cwd = t.testdir({ config: { 'config.toml': CONFIG } });
  const file = join(cwd, 'soak.prom');
  const { child, ended } = run(cwd, '-d', '1h', '--metrics-listen', '127.0.0.1:0', '--metrics-textfile', file);
  let said = '';
  child.stderr?.on('data', (data) => {
    said += data;
  });
  await decided(cwd, 'ENGINE_RESTARTED');
  const url = await eventually(() => /http:\/\/127\S+/.exec(said)?.[0]);
  const text = await eventually(() => existsSync(file) && readFileSync(file, 'utf8'));
  t.equal(numberOf(text, 'soak_rung'), 0);
  const answer = await fetch(url);
  t.match(answer.headers.get('content-type'), 'text/plain; version=0.0.4');
  t.ok((numberOf(await answer.text(), 'soak_observations_total') ?? 0) > 0);
  t.equal((await fetch(url, { method: 'POST' })).status, 405);
  t.equal(await statusFor(url, 'evil.example'), 403, 'a name that a page of another site gave this address');
  t.equal(await statusFor(url, new URL(url).host), 200);
  t.equal((await fetch(new URL('/', url))).status, 404);
  t.match(await run(cwd, '--metrics-listen', 'nonsense').ended, {
    code: 2,
    stderr: /--metrics-listen nonsense: valid/,
  });
  t.match(await run(cwd, '--metrics-textfile', 'config').ended, {
    code: 12,
    stderr: /^--metrics-textfile [^\n]*config: not writable \(not a file\); valid: [^\n]*\n$/,
  });
  t.match(await run(cwd, '--metrics-textfile', 'config/config.toml/x.prom').ended, {
    code: 12,
    stderr: /^--metrics-textfile [^\n]*: not writable[^\n]*\n$/,
  });
  child.kill('SIGINT');
  t.match(await ended, { code: 130 });
  t.notOk(existsSync(file));
});
