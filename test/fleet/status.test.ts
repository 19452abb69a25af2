import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { MIGRATIONS } from '@hybrid-soak/contract/schema.ts';
import { readStatuses } from '@hybrid-soak/fleet/hosts.ts';
import { HEADER, hostTable } from '@hybrid-soak/fleet/status.ts';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import Database from 'better-sqlite3';
import t from 'tap';
import { eventually } from '../eventually.ts';
import { FLEET } from '../programs.ts';
import { outputPrintedIfFailed } from '../said.ts';
import { natsServer, noServer } from './server.ts';
import { until } from './until.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const DECISION = { action: 'HOLD', state: 'T1\u202e\x9b\n', reason: 'x' };
const SAMPLE = { parts: { cpu: { part: 12.5 } } };

t.test(
  'a host that ships is in the table; another database under its name is refused',
  { skip: noServer },
  async (t) => {
    const folder = t.testdir({
      'config.toml': '',
      'decisions.jsonl': `${JSON.stringify(DECISION)}\n`,
      'samples.jsonl': `${JSON.stringify(SAMPLE)}\n`,
    });
    const server = await natsServer(join(folder, 'nats'));
    t.teardown(() => server.kill());
    const writers = ['one.db', 'two.db'].map((name) =>
      spawn(process.execPath, [join(ROOT, 'test/fleet/write-rows.ts'), join(folder, name), '100', '1', '5000']),
    );
    t.teardown(() => {
      for (const writer of writers) writer.kill();
    });
    for (const writer of writers) await once(writer.stdout, 'data');
    const common = ['--config', join(folder, 'config.toml'), '--server', server.address];
    const command = (...args: string[]) => [...args, ...common];
    const fleet = (...args: string[]) => spawnSync(FLEET, command(...args), { encoding: 'utf8', timeout: 300_000 });
    const ship = (name: string) => [
      ...['ship', '--host', 'tokyo.1', '--db', join(folder, name)],
      ...['--decisions', join(folder, 'decisions.jsonl'), '--samples', join(folder, 'samples.jsonl')],
    ];
    t.match(fleet(...ship('one.db'), '--once'), { status: 0 });
    // A host is in the table as long as it ships: of one that has stopped a slow machine's table may be too late.
    const shipping = spawn(FLEET, command(...ship('one.db')), { stdio: 'ignore' });
    t.teardown(() => shipping.kill('SIGKILL'));
    const table = await eventually(() => {
      const { stdout } = fleet('status');
      return stdout.includes('tokyo.1') && stdout;
    });
    t.match(table, /^tokyo\.1 +T1\\u202e\\u009b\\u000a +HOLD +- +12\.5\/20 -\/10 -\/15 +- /m);
    const [host] = JSON.parse(fleet('status', '--json').stdout) as { lag_rows: number; connection: null }[];
    t.match(host, { host: 'tokyo.1', connection: null });

    const refused = fleet(...ship('two.db'), '--once');
    t.equal(refused.status, 12);
    t.match(refused.stderr, /another machine or database ships under this name; valid: a host of its own/);
  },
);

t.test(
  'a host whose status could not be stored is seen again; a table that is watched outlives the server',
  { skip: noServer },
  async (t) => {
    const folder = t.testdir({ 'config.toml': '' });
    const server = await natsServer(join(folder, 'nats'));
    t.teardown(() => server.kill());
    const db = new Database(join(folder, 'bot.db'));
    t.teardown(() => db.close());
    db.pragma('journal_mode = WAL');
    db.exec(Object.values(MIGRATIONS).join(''));
    const start = (...args: string[]) => {
      const common = ['--config', join(folder, 'config.toml'), '--server', server.address];
      const child = spawn(FLEET, [...args, ...common]);
      outputPrintedIfFailed(args.join(' '), child.stderr);
      t.teardown(() => child.kill('SIGKILL'));
      return child;
    };
    const none = join(folder, 'none.jsonl');
    start('ship', '--host', 'a', '--db', join(folder, 'bot.db'), '--decisions', none, '--samples', none);
    const watch = start('status', '--watch', '--json');
    let last = '';
    watch.stdout.on('data', (data) => {
      last = String(data).trimEnd().split('\n').at(-1) ?? '';
    });
    const seenAgain = () => {
      last = '';
      return until(async () => last.includes('"host":"a"'));
    };
    await seenAgain();
    const connection = await connect({ servers: server.address });
    await (await jetstreamManager(connection)).streams.delete('KV_soak-hosts');
    await connection.close();
    await seenAgain();
    await server.restart();
    await seenAgain();
    watch.kill('SIGINT');
    t.same(await once(watch, 'exit'), [0, null]);
  },
);

t.test('a list of hosts that a stalled server never ends is an error', async (t) => {
  const ended = Promise.withResolvers<never>();
  const keys = { stop: ended.reject, [Symbol.asyncIterator]: () => ({ next: () => ended.promise }) };
  const bucket = { keys: async () => keys } as unknown as Parameters<typeof readStatuses>[0];
  await t.rejects(readStatuses(bucket, 10), { name: 'Unreachable', message: /no whole list of hosts within 0.01 s/ });
});

t.test('a terminal that is narrower than the table gets a block a host', async (t) => {
  const hosts = ['tokyo', 'oslo'].map((host) => HEADER.map((_, at) => (at === 0 ? host : String(at))));
  const wide = hostTable(hosts, 200).split('\n');
  t.match(wide, [/^HOST +RUNG .* VERSION$/, /^tokyo +1 /, /^oslo +1 /]);
  t.equal(hostTable(hosts, wide[0]?.length ?? 0), wide.join('\n'));
  const narrow = hostTable(hosts, 40).split('\n');
  t.equal(narrow.length, 2 * HEADER.length + 1);
  t.ok(narrow.every(({ length }) => length <= 40));
  t.match(narrow[0], /^HOST +tokyo$/);
  t.match(narrow[HEADER.length + 1], /^HOST +oslo$/);
});
