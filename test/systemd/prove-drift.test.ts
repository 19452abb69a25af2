import t from 'tap';
import { needsSystemd, until } from './host.ts';
import { bootProving, notPassed } from './proofs.ts';

t.test('soak prove drift on a real systemd', needsSystemd(), async (t) => {
  const { host, found, newest, proofOf } = await bootProving();
  t.teardown(host.close);
  const before = await found();

  await t.test(
    'a leak is found, the same engine without it is not; its drop-in goes, also after a kill -9',
    async (t) => {
      const said = await host.machine.run(['soak', 'prove', 'drift', '--quick'], { timeoutMs: 800_000 });
      t.same(notPassed(newest()), [], said.stderr);
      t.equal(said.code, newest().verdict === 'PASS' ? 0 : 22, said.stderr);
      t.equal(proofOf('drift').checks.length, 6);
      t.notMatch(await host.show('DropInPaths'), 'soak-proof');
      host.machine.spawn(['soak', 'prove', 'drift', '--quick'], 'ignore');
      await until('the drop-in', async () => (await host.show('DropInPaths')).includes('soak-proof'));
      await host.run('pkill', '-KILL', '-f', 'lib/soak.mjs prove');
      await until('restored', async () => (await host.soak('restore')).code === 0);
      t.notMatch(await host.show('DropInPaths'), 'soak-proof');
      t.same(await found(), before);
    },
  );
});
