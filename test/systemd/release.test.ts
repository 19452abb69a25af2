import t, { type Test } from 'tap';
import { STATE } from '../../ops/sandbox/machine.ts';
import { Host, needsSystemd, UNIT, until } from './host.ts';
import { releases } from './prepared.ts';

const CONFIG = '[engine]\ningest_mode = "synthetic"\ntick_interval_ms = 20\nsample_every = 1\n';

/** A machine on which nothing of hybrid-soak is installed, and nothing was. */
async function bareHost(): Promise<Host> {
  const host = await Host.boot(CONFIG);
  await host.soak('uninstall');
  const users = ['hybrid-fleet-control', 'hybrid-fleet', 'hybrid-soak', 'hybrid-engine'].map(
    (name) => `userdel ${name}`,
  );
  const accounts = [...users, 'groupdel hybrid-data', 'groupdel hybrid-soak-operators'].join('; ');
  // An image that starts no services says so in policy-rc.d; a server has none. Without auto-update no index of all manual
  // pages is made for each package.
  const foreign = '/usr/sbin/policy-rc.d /var/lib/man-db/auto-update';
  await host.machine.run(['sh', '-c', `rm -rf ${STATE} ${foreign}; ${accounts}`]);
  return host;
}

t.test('a release is installed, verified, upgraded while the engine runs', needsSystemd(), async (t) => {
  const [first, second] = releases();
  const host = await bareHost();
  t.teardown(host.close);
  const outside = (...command: string[]) => host.machine.run(['env', '-C', '/', ...command]);

  const installed = await outside(`${first.folder}/install`);
  t.equal(installed.code, 0, installed.stderr);
  t.equal((await outside('soak', '--version')).stdout, '0.1.8');
  const asked = 'for p in soak hybrid-engine hybrid-feed hybrid-fleet; do $p completion fish; done';
  const placed = await outside('sh', '-c', 'cd /etc/fish/completions && cat soak.fish hybrid-*.fish');
  t.equal((await outside('sh', '-c', asked)).stdout, placed.stdout, 'what the build made is what the programs say');
  const compiled = async (folder: string) =>
    Number((await outside('sh', '-c', `find ${folder} -type f -not -name 'config-*' | wc -l`)).stdout);
  const atInstall = await compiled('/var/cache/hybrid-soak');
  t.ok(atInstall > 5, `${atInstall} modules were compiled at installation`);
  t.ok((await compiled('/var/cache/hybrid-soak-supervisor')) > 5);
  const remembered = await outside('grep', '-c', '"sources":"', '/var/cache/hybrid-soak-supervisor/soak-config.json');
  t.equal(remembered.code, 0, 'a soak parses neither configuration nor sources again');
  await outside('sh', '-c', `printf '%s' '${CONFIG}' > ${STATE}/config/config.toml`);
  t.equal((await host.systemctl('enable', '--now', UNIT)).code, 0);
  await until('rows', () => host.rows() > 20);
  t.match(await host.show('ExecStart'), /\/opt\/hybrid-soak\/current\/node .*\/lib\/hybrid-engine\.mjs/);
  const doctor = await outside('soak', 'doctor');
  t.match(doctor.stdout, /the artefact is the one that was built/);
  t.equal(doctor.code, 0, doctor.stdout);

  await askedAhead(t, outside);

  await outside('sh', '-c', 'echo "// changed" >> /opt/hybrid-soak/current/lib/base.mjs');
  const tampered = await outside('soak', 'doctor');
  t.match(tampered.stdout, /lib\/base\.mjs differs/);
  t.not(tampered.code, 0);

  t.equal(await compiled('/var/cache/hybrid-soak'), atInstall, 'the first start compiled nothing more');

  const rows = host.rows();
  const upgraded = await outside(second.soak, 'install');
  t.equal(upgraded.code, 0, upgraded.stderr);
  t.equal(await host.show('ActiveState'), 'active');
  const kept = (await outside('sh', '-c', 'ls /opt/hybrid-soak/releases')).stdout;
  t.match(kept, /0\.1\.8-.*\n.*0\.1\.9-/, 'the release that runs is not deleted');
  t.equal((await host.systemctl('restart', UNIT)).code, 0);
  await until('rows of the new release', () => host.rows() > rows + 20);
  t.match(await outside('soak', 'doctor'), { code: 0 });
  t.match(await outside(second.soak, 'install'), { code: 0 });
  t.notMatch((await outside('sh', '-c', 'ls /opt/hybrid-soak/releases')).stdout, /0\.1\.8/, 'then it is');
});

t.test('the Debian package installs, upgrades, downgrades, is removed and purged', needsSystemd(), async (t) => {
  const [first, second] = releases();
  const host = await bareHost();
  t.teardown(host.close);
  const outside = (...command: string[]) =>
    host.machine.run(['env', '-C', '/', 'DEBIAN_FRONTEND=noninteractive', ...command]);
  const apt = async (...args: string[]) => {
    // Without a network, and without the lists of what it could fetch: reading them takes longer than all else.
    const alone = ['-o', 'Dir::Etc::SourceList=/dev/null', '-o', 'Dir::Etc::SourceParts=/dev/null'];
    const ran = await outside(
      'apt-get',
      ...alone,
      '-y',
      '-q',
      '--allow-downgrades',
      '--no-install-recommends',
      ...args,
    );
    t.equal(ran.code, 0, `apt-get ${args.join(' ')}: ${ran.stdout.slice(-600)} ${ran.stderr.slice(-600)}`);
  };
  const text = async (...command: string[]) => (await outside(...command)).stdout;

  await apt('install', first.deb);
  t.equal(await host.show('ActiveState'), 'active');
  t.match(await host.show('ExecStart'), /\/usr\/lib\/hybrid-soak\/node .* --config \/etc\/hybrid-soak\/config\.toml/);
  await until('rows', () => host.rows() > 2);
  t.equal(await text('stat', '-c', '%U:%G %a', '/etc/hybrid-soak'), 'hybrid-soak:hybrid-engine 2750');
  t.equal(await text('stat', '-c', '%U:%G %a', '/etc/hybrid-soak/config.toml'), 'hybrid-soak:hybrid-engine 640');
  for (const unit of ['hybrid-fleet.service', 'hybrid-fleet-control.service'])
    t.match(
      await text('systemctl', 'show', unit, '-p', 'UnitFileState', '-p', 'ActiveState'),
      /inactive\nUnitFileState=disabled/,
    );
  const doctor = await outside('soak', 'doctor');
  t.equal(doctor.code, 0, doctor.stdout);
  t.match(await outside('soak', 'install'), { code: 12, stderr: /the Debian package installed it already/ });

  await outside('sh', '-c', 'echo "# mine" >> /etc/hybrid-soak/config.toml');
  let rows = host.rows();
  await apt('install', second.deb);
  t.equal(await text('soak', '--version'), '0.1.9');
  await until('rows after the upgrade', () => host.rows() > rows);
  t.match(await text('tail', '-n', '1', '/etc/hybrid-soak/config.toml'), '# mine');
  t.equal(await text('stat', '-c', '%U %a', '/etc/hybrid-soak/config.toml'), 'hybrid-soak 640');

  rows = host.rows();
  await apt('install', first.deb);
  t.equal(await text('soak', '--version'), '0.1.8');
  await until('rows after the downgrade', () => host.rows() > rows);

  await apt('remove', 'hybrid-soak');
  t.equal(await host.show('ActiveState'), 'inactive');
  rows = host.rows();
  t.ok(rows > 0);
  t.match(await text('ls', '/etc/hybrid-soak'), /config\.toml/);
  await apt('purge', 'hybrid-soak');
  t.equal((await outside('test', '-e', '/etc/hybrid-soak/config.toml')).code, 1);
  t.equal(host.rows(), rows, 'the database is untouched');
});

/** The launcher asks systemd while Node starts, once, and what comes of it is the same. */
async function askedAhead(
  t: Test,
  outside: (...command: string[]) => Promise<{ code: number; stdout: string; stderr: string }>,
) {
  const real = (await outside('sh', '-c', 'command -v systemctl')).stdout.trim();
  const script = `#!/bin/sh\ncat /proc/$PPID/comm >>/tmp/own/asked\nexec ${real} "$@"\n`;
  await outside(
    'sh',
    '-c',
    `mkdir /tmp/own && printf '%s' '${script}' >/tmp/own/systemctl && chmod -R 777 /tmp/own && chmod 755 /tmp/own/systemctl`,
  );
  const status = (...flags: string[]) =>
    outside('sh', '-c', `PATH=/tmp/own:$PATH exec soak status --json ${flags.join(' ')}`);
  const asked = async () => (await outside('sh', '-c', 'cat /tmp/own/asked; rm -f /tmp/own/asked')).stdout;
  const plain = await status();
  t.equal(await asked(), 'timeout');
  const parsed = await status('--config', `${STATE}/config/config.toml`);
  t.match(await asked(), /^node|^MainThread/);
  t.match(JSON.parse(plain.stdout).unit, { available: true, value: { active_state: 'active' } });
  t.same(JSON.parse(plain.stdout).unit, JSON.parse(parsed.stdout).unit);
  await outside('mv', `${STATE}/config/config.toml`, `${STATE}/config/aside`);
  t.match(await status(), { code: 12, stderr: /config\.toml: no such file/ });
  await outside('mv', `${STATE}/config/aside`, `${STATE}/config/config.toml`);
}
