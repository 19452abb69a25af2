import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { noServer } from '../fleet/server.ts';
import { Host, needsSystemd, UNIT, until } from './host.ts';

const FLEET =
  '[fleet]\nservers = ["127.0.0.1:4222"]\nhost = "tokyo-1"\nuser = "tokyo-1"\npassword_file = "/etc/fleet"\n';
const CONFIG = `[engine]\ningest_mode = "synthetic"\ntick_interval_ms = 20\nsample_every = 1\n${FLEET}`;
const SHIP = 'hybrid-fleet.service';
const CONTROL = 'hybrid-fleet-control.service';

t.test('a host of a fleet', { skip: needsSystemd().skip || noServer }, async (t) => {
  const host = await Host.boot(CONFIG);
  t.teardown(host.close);
  const sh = (script: string) => host.run('sh', '-c', script);
  const file = (path: string, text: string) => writeFileSync(join(host.machine.root, path), text);
  const conf = readFileSync('ops/nats/nats-server.conf', 'utf8').replace('max_file_store: 100G', 'max_file_store: 50M');
  file('/etc/nats-server.conf', conf);
  file('/etc/fleet', 'CHANGE-tokyo\n');
  await sh('chown root:hybrid-fleet /etc/fleet && chmod 0640 /etc/fleet && mkdir -p /var/lib/nats');
  await host.run('systemd-run', '--unit=nats', '--quiet', 'nats-server', '-c', '/etc/nats-server.conf');
  /** `hybrid-fleet` as a user of the server. */
  const as = async (user: string, ...args: string[]) => {
    const word = user === 'tokyo-1' ? 'CHANGE-tokyo' : `CHANGE-${user}`;
    file('/root/word', `${word}\n`);
    file('/root/fleet.toml', `[fleet]\nservers = ["127.0.0.1:4222"]\nuser = "${user}"\npassword_file = "/root/word"\n`);
    return host.run('hybrid-fleet', ...args, '--config', '/root/fleet.toml');
  };
  const word = (stdout: string) => JSON.parse(stdout || '[]') as Record<string, unknown>[];
  const statusOf = async () => word((await as('reader', 'status', '--json')).stdout)[0];

  await t.test('the shipper reads what the engine writes, as an account that writes nothing', async (t) => {
    for (const unit of [SHIP, CONTROL]) {
      const { stdout } = await host.run('systemd-analyze', 'security', '--no-pager', unit);
      t.ok(Number(/exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1]) <= 1.3, `${unit} is exposed at most 1.3`);
      t.match(await host.run('systemd-analyze', 'verify', unit), { code: 0, stderr: '' }, unit);
      t.equal(await host.show('UnitFileState', unit), 'disabled');
    }
    t.equal((await host.systemctl('start', UNIT)).code, 0);
    await until('rows', () => host.rows() > 20);
    const before = [await host.show('InvocationID'), await host.show('NRestarts')];
    t.equal((await host.systemctl('start', SHIP)).code, 0);
    await until('the host is in the table, with its rows', async () => Number((await statusOf())?.['rows_per_s']) > 20);
    t.equal(await host.show('User', SHIP), 'hybrid-fleet');
    // What has changed since the boot is on the upper layer of the machine's root.
    const uid = (await host.run('id', '-u', 'hybrid-fleet')).stdout;
    // Engine, server and journal rename and remove files meanwhile.
    const upper = join(host.machine.root, '../upper');
    const left = spawnSync('find', [upper, '-ignore_readdir_race', '-uid', uid], { encoding: 'utf8' });
    t.match(left, { status: 0, stdout: '' }, `it owns no file: ${left.stderr}`);
    const writes =
      'for f in data data/bot.db data/bot.db-wal data/bot.db-shm data/ops config config/config.toml; do test -w $f && echo $f; done';
    t.equal(
      (await host.run('setpriv', '--reuid=hybrid-fleet', '--regid=hybrid-fleet', '--init-groups', 'sh', '-c', writes))
        .stdout,
      '',
    );
    // The engine restarts, stops and starts under it: neither keeps the other out.
    t.equal((await host.systemctl('restart', UNIT)).code, 0);
    t.equal((await host.systemctl('stop', UNIT)).code, 0);
    const rows = host.rows();
    t.equal((await host.systemctl('start', UNIT)).code, 0);
    await until('the engine commits', () => host.rows() > rows + 20);
    await until('shipped', async () => Number((await statusOf())?.['rows_per_s']) > 20);
    t.not(await host.show('InvocationID'), before[0]);
    t.equal(await host.show('NRestarts'), before[1], 'the engine never failed');
  });

  await t.test(
    'operators of the fleet start and stop soaks if the host allows it; the records name them',
    async (t) => {
      await host.systemctl('start', CONTROL);
      t.equal(
        await until(
          'it ends',
          async () => (await host.show('ExecMainStatus', CONTROL)) !== '0' && host.show('ExecMainStatus', CONTROL),
        ),
        '12',
      );
      t.match((await as('operator', 'soak', 'start', '--host', 'tokyo-1')).stdout, /tokyo-1: does not answer/);
      host.writeConfig(`${CONFIG}allow_control = true\n`);
      t.equal((await host.systemctl('start', CONTROL)).code, 0);
      const started = await until('the host answers', async () => {
        const ran = await as('operator', 'soak', 'start', '--all', '--duration', '10m');
        return /does not answer|no host is alive/.test(ran.stdout) ? null : ran;
      });
      t.match(started, { code: 0, stdout: 'tokyo-1: started soak@10m.service' }, started.stderr);
      const startup = await host.decision('STARTUP');
      t.same(startup['requested'], { by: 'operator', account: 'hybrid-fleet-control' });
      const again = await as('operator', 'soak', 'start', '--host', 'tokyo-1');
      t.match(again, { code: 1, stdout: /soak@10m\.service runs already/ }, again.stderr);
      for (const user of ['reader', 'tokyo-1'])
        t.match(
          await as(user, 'soak', 'stop', '--host', 'tokyo-1', '--as', 'operator'),
          { code: 1, stdout: /the server refuses/ },
          user,
        );
      t.match(await as('operator', 'soak', 'stop', '--host', 'tokyo-1'), { code: 0, stdout: /stopping soak@10m/ });
      const stopped = await host.decision('STOP', (record) => record['reason'] === 'SIGTERM');
      t.same(stopped['requested'], { by: 'operator', account: 'hybrid-fleet-control' });
      await until('no request is left', async () => (await sh('ls /run/hybrid-soak/requests')).stdout === '');
      const engine = await host.run(
        'setpriv',
        '--reuid=hybrid-fleet-control',
        '--regid=hybrid-fleet-control',
        '--init-groups',
        'systemctl',
        '--no-ask-password',
        'stop',
        UNIT,
      );
      t.not(engine.code, 0, 'control may not stop the engine');
    },
  );
});
