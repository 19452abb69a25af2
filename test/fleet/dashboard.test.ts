import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MIGRATIONS } from '@hybrid-soak/contract/schema.ts';
import Database from 'better-sqlite3';
import t from 'tap';
import { FLEET, SOAK } from '../programs.ts';
import { natsServer, noServer } from './server.ts';
import { until } from './until.ts';

const HEADER = { v: 1, kind: 'header', options: { run_id: 'b', parameters: {} } };

const decided = (run_id: string, seq: number, action: string, reason: string) =>
  `${JSON.stringify({ timestamp: new Date().toISOString(), run_id, seq, state: 'NORMAL', action, reason })}\n`;

/** The first event of that name from a stream of events. */
async function eventOf(url: string, name: string): Promise<unknown> {
  let text = '';
  for await (const chunk of (await fetch(url)).body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString();
    const found = new RegExp(`^event: ${name}\ndata: (.*)\n\n`, 'm').exec(text);
    if (found !== null) return JSON.parse(found[1] as string);
  }
  throw new Error(`no ${name}: ${text}`);
}

t.test('soak dashboard --fleet lists the hosts, and each opens its last run', { skip: noServer }, async (t) => {
  const folder = t.testdir({ 'config.toml': '' });
  const file = (name: string) => join(folder, name);
  const server = await natsServer(file('nats'));
  t.teardown(() => server.kill());
  const db = new Database(file('bot.db'));
  t.teardown(() => db.close());
  db.pragma('journal_mode = WAL');
  db.exec(Object.values(MIGRATIONS).join(''));
  const old = decided('a', 1, 'STARTUP', 'an older run');
  writeFileSync(
    file('decisions.jsonl'),
    `${old}${decided('b', 1, 'STARTUP', 'x')}${decided('b', 2, 'HOLD', '<i>held</i>')}`,
  );
  writeFileSync(file('samples.jsonl'), `${JSON.stringify(HEADER)}\n`);
  const flags = ['--server', server.address, '--config', file('config.toml')];
  const files = ['--db', file('bot.db'), '--decisions', file('decisions.jsonl'), '--samples', file('samples.jsonl')];
  const ship = (host: string) =>
    spawnSync(FLEET, ['ship', '--once', '--host', host, ...flags, ...files], { encoding: 'utf8' });
  for (const host of ['tokyo.1', 'berlin-2']) {
    const ran = ship(host);
    t.equal(ran.status, 0, ran.stderr);
  }
  const dashboard = spawn(SOAK, ['dashboard', '--fleet', '--listen', '127.0.0.1:0', ...flags]);
  t.teardown(() => dashboard.kill());
  const url = String((await once(dashboard.stdout, 'data'))[0]).trim();
  const list = await (await fetch(url)).text();
  t.match(list, /<a href="host\/berlin-2\/">berlin-2<\/a>.*\n.*<a href="host\/tokyo%252E1\/">tokyo\.1<\/a>/);
  const host = `${url}host/tokyo%252E1/`;
  t.match(await (await fetch(host)).text(), /<title>tokyo\.1/);
  t.match(await eventOf(`${host}events`, 'run'), { run: 'b', decisions: [{ reason: 'x' }, { reason: '<i>held</i>' }] });
  t.equal((await fetch(`${url}host/nobody/`)).status, 404);

  // A host that was opened before is followed past a restart of the server.
  await server.restart();
  appendFileSync(file('decisions.jsonl'), decided('b', 3, 'HOLD', 'after the restart'));
  t.match(ship('tokyo.1'), { status: 0 });
  await until(async () => JSON.stringify(await eventOf(`${host}events`, 'run')).includes('after the restart'));
  dashboard.kill('SIGTERM');
  t.same(await once(dashboard, 'exit'), [0, null]);
});
