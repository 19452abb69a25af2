import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { z } from 'zod';
import { freePort } from '../free-port.ts';

const text = readFileSync(join(import.meta.dirname, '../../ops/grafana/hybrid-soak.json'), 'utf8');

/** What of Grafana's dashboard model a dashboard of ours uses; any other field is a slip (https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/). */
const datasource = z.strictObject({ type: z.literal('prometheus'), uid: z.literal(`$\{datasource}`) });
const defaults = z.strictObject({
  unit: z.enum(['none', 's', 'percentunit', 'bytes', 'cps', 'ops', 'short', 'bool', 'decbytes']),
  min: z.number().optional(),
  max: z.number().optional(),
  decimals: z.number().optional(),
  mappings: z.array(z.looseObject({ type: z.enum(['value', 'range']) })).optional(),
  thresholds: z.looseObject({ mode: z.literal('absolute') }).optional(),
  custom: z.looseObject({}).optional(),
});
const panel = z.strictObject({
  id: z.int().positive(),
  type: z.enum(['stat', 'timeseries', 'table', 'state-timeline']),
  title: z.string().min(1),
  description: z.string().optional(),
  datasource,
  gridPos: z.strictObject({ x: z.int().min(0), y: z.int().min(0), w: z.int().min(1), h: z.int().min(2) }),
  fieldConfig: z.strictObject({ defaults, overrides: z.array(z.looseObject({ matcher: z.looseObject({}) })) }),
  options: z.looseObject({}),
  targets: z.array(
    z.strictObject({ refId: z.string().regex(/^[A-Z]$/), datasource, expr: z.string(), legendFormat: z.string() }),
  ),
});
const annotation = z.strictObject({
  name: z.string(),
  enable: z.boolean(),
  hide: z.boolean(),
  iconColor: z.enum(['red', 'blue', 'yellow']),
  datasource,
  expr: z.string(),
  step: z.string().regex(/^\d+s$/),
  useValueForTime: z.literal(true),
  titleFormat: z.string(),
  textFormat: z.string(),
  tagKeys: z.string(),
});
const dashboard = z.strictObject({
  title: z.string(),
  uid: z.string().max(40),
  tags: z.array(z.string()),
  schemaVersion: z.literal(39),
  version: z.int(),
  editable: z.boolean(),
  timezone: z.enum(['browser', 'utc']),
  refresh: z.string().regex(/^\d+s$/),
  time: z.strictObject({ from: z.string().startsWith('now'), to: z.literal('now') }),
  templating: z.strictObject({ list: z.array(z.looseObject({ name: z.string(), type: z.string() })) }),
  annotations: z.strictObject({ list: z.array(annotation) }),
  panels: z.array(panel),
});

t.test('the dashboard is of the model, its panels side by side on 24 columns', (t) => {
  const { panels, templating } = dashboard.parse(JSON.parse(text));
  t.same(
    templating.list.map(({ name }) => name),
    ['datasource'],
  );
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const cells = new Set<string>();
  const wrong: string[] = [];
  for (const { title, gridPos, targets } of panels) {
    t.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        if (x >= 24 || cells.has(`${x},${y}`)) wrong.push(`${title} at ${x},${y}`);
        cells.add(`${x},${y}`);
      }
  }
  t.same(wrong, []);
  t.end();
});

const grafana = [['grafana', 'server'], ['grafana-server']].find(([name = '']) => !spawnSync(name, ['-v']).error);

t.test('a real Grafana takes it', { skip: grafana === undefined && 'no Grafana on this machine' }, async (t) => {
  const [command = '', ...args] = grafana ?? [];
  const port = await freePort();
  const settings = {
    GF_PATHS_DATA: t.testdir({}),
    GF_SERVER_HTTP_ADDR: '127.0.0.1',
    GF_SERVER_HTTP_PORT: String(port),
    GF_AUTH_ANONYMOUS_ENABLED: 'true',
    GF_AUTH_ANONYMOUS_ORG_ROLE: 'Admin',
    GF_ANALYTICS_REPORTING_ENABLED: 'false',
  };
  const server = spawn(command, [...args, '--homepath', '/usr/share/grafana'], {
    env: { ...process.env, ...settings },
    stdio: 'ignore',
  });
  t.teardown(() => server.kill());
  const api = `http://127.0.0.1:${port}/api`;
  // It migrates a database of its own first.
  while (!(await fetch(`${api}/health`).catch(() => null))?.ok) await new Promise((done) => setTimeout(done, 200));
  const body = JSON.stringify({ dashboard: JSON.parse(text), overwrite: true });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${api}/dashboards/db`, { method: 'POST', headers, body });
  t.match(await answer.json(), { status: 'success', uid: 'hybrid-soak' });
  const kept = (await (await fetch(`${api}/dashboards/uid/hybrid-soak`)).json()) as { dashboard: unknown };
  t.match(kept.dashboard, { panels: JSON.parse(text).panels });
});
