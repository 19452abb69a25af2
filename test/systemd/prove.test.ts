import t from 'tap';
import { needsSystemd, share, UNIT, until } from './host.ts';
import { bootProving, CONFIG, notPassed } from './proofs.ts';

t.test('soak prove on a real systemd', needsSystemd(), async (t) => {
  const { host, found, newest, proofOf } = await bootProving();
  t.teardown(host.close);
  const before = await found();

  await t.test('doctor finds nothing wrong, and each finding has a hint', async (t) => {
    t.match(await host.soak('doctor'), { code: 0, stderr: '' });
    host.writeConfig(`${CONFIG}sample_evry = 1\n`);
    t.match(await host.soak('doctor'), { code: 20, stdout: /FAIL {4}the configuration is valid: .*\n +-> / });
    host.writeConfig(CONFIG);
    await host.run('chown', 'root:', 'data/bot.db-wal');
    t.match(await host.soak('doctor'), { code: 20, stdout: /cannot write .*bot\.db-wal\n +-> chown hybrid-engine: / });
    await host.run('chown', 'hybrid-engine:', 'data/bot.db-wal');
    const elsewhere = await host.machine.run(['env', '-C', '/root', 'soak', 'doctor']);
    t.match(elsewhere, { code: 0 }, 'the unit says where things are');
    t.match(await host.soak('doctor', '--unit', 'none.service'), {
      code: 20,
      stdout: /not-found.*\n +-> soak install/,
    });
  });

  await t.test('doctor judges a stopped unit fairly, sees a mask, and no soak gets round one', async (t) => {
    await host.systemctl('stop', UNIT);
    await host.systemctl('daemon-reload');
    t.match(await host.soak('doctor'), { code: 0 });
    await host.run('mv', `/etc/systemd/system/${UNIT}`, '/run/kept');
    await host.systemctl('mask', UNIT);
    t.match(await host.soak('doctor'), {
      code: 20,
      stdout: /FAIL {4}the unit is loaded: masked .*\n +-> systemctl unmask /,
    });
    t.match(await host.soak('run', '-d', '10s'), {
      code: 12,
      stdout: '',
      stderr: /^hybrid-engine\.service is masked; valid: /,
    });
    await host.systemctl('unmask', UNIT);
    await host.run('mv', '/run/kept', `/etc/systemd/system/${UNIT}`);
    await host.systemctl('daemon-reload');
    await host.systemctl('start', UNIT);
  });

  await t.test('preflight, psi, stall, concurrency and exit-code pass, everything is as before', async (t) => {
    const asked = ['preflight', 'psi', 'stall', 'concurrency', 'exit-code'];
    // Two minutes on a calm machine. On half of the cores: it loads as many as it sees.
    const prove = ['taskset', '-c', share(1 / 2).join(), 'soak', 'prove', ...asked, '--quick'];
    const said = await host.machine.run(prove, { timeoutMs: 800_000 });
    const file = newest();
    t.same(notPassed(file), [], said.stderr);
    t.equal(said.code, file.verdict === 'PASS' ? 0 : 22, `${said.stdout}${said.stderr}`);
    t.same(
      file.proofs.map(({ name }) => name),
      ['preflight', 'psi', 'stall', 'exit-code', 'concurrency', 'restore'],
    );
    for (const { name, checks, evidence } of file.proofs)
      t.ok(checks.length > 0 && evidence.length > 0, `${name} has measured`);
    t.same(await found(), before);
  });

  await t.test('a unit that restarts exit code 12 makes exit-code FAIL, with 20', async (t) => {
    const folder = `/run/systemd/system/${UNIT}.d`;
    await host.run(
      'sh',
      '-c',
      `mkdir -p ${folder} && printf '[Service]\\nRestartPreventExitStatus=\\n' > ${folder}/broken.conf && systemctl daemon-reload`,
    );
    t.match(await host.soak('doctor'), { code: 20, stdout: /RestartPreventExitStatus=\(empty\)/ });
    const said = await host.soak('prove', 'exit-code', '--quick');
    t.equal(said.code, 20, said.stderr);
    t.match(proofOf('exit-code'), { verdict: 'FAIL', reason: /it stays down: NRestarts \d+, then \d+; / });
    t.match(proofOf('restore'), { verdict: 'PASS' });
    await host.run('sh', '-c', `rm -r ${folder} && systemctl daemon-reload`);
    t.same(await found(), before);
  });

  /** Ctrl-C and a kill reach the root parent and its child; SIGTERM is sent to the parent, which forwards it. */
  const which = (how: string) => (how === 'TERM' ? ['-TERM', '--oldest'] : [`-${how}`]);

  /** A proof under way: the config is its own by now. */
  async function underWay(name: string) {
    const child = host.machine.spawn(['soak', 'prove', name, '--quick'], 'pipe');
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    await until('the config of the proof', () => host.readConfig() !== CONFIG);
    return { ended, signal: (how: string) => host.run('pkill', ...which(how), '-f', 'lib/soak.mjs prove') };
  }

  await t.test('Ctrl-C restores everything immediately', async (t) => {
    const { ended, signal } = await underWay('throttle');
    await signal('INT');
    t.equal(await ended, 130);
    t.match(newest(), { interrupted: 'SIGINT' });
    t.same(await found(), before);
  });

  await t.test('after kill -9 in the middle, soak restore restores everything, the local exchange ended', async (t) => {
    const { ended, signal } = await underWay('throttle');
    await signal('KILL');
    await ended;
    t.match(await host.soak('restore'), { code: 0, stdout: /^restored: / });
    t.same(await found(), before);
    t.match(await host.run('pgrep', '-f', 'lib/hybrid-feed.mjs serve'), { code: 1 });
    t.match(await host.soak('restore'), { code: 0, stdout: 'nothing to restore' });
  });

  await t.test('while a proof runs no other supervisor can', async (t) => {
    const { ended, signal } = await underWay('throttle');
    t.match(await host.soak('prove', 'psi'), { code: 2, stderr: /is held by pid \d+, proofs / });
    t.match(await host.soak('restore'), { code: 2, stderr: /still running/ });
    await signal('TERM');
    t.equal(await ended, 143);
    t.same(await found(), before);
  });
});
