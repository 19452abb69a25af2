import t from 'tap';
import { needsSystemd, share } from './host.ts';
import { bootProving, notPassed } from './proofs.ts';

t.test('soak prove outage, crash on a real systemd', needsSystemd(), async (t) => {
  const { host, found, newest, proofOf } = await bootProving();
  t.teardown(host.close);
  const before = await found();

  await t.test('an outage of the exchange is not a stall; the unit runs afterwards, as before', async (t) => {
    const said = await host.machine.run(['soak', 'prove', 'outage', '--quick'], { timeoutMs: 800_000 });
    t.same(notPassed(newest()), [], said.stderr);
    t.equal(said.code, newest().verdict === 'PASS' ? 0 : 22, said.stderr);
    t.equal(proofOf('outage').checks.length, 4);
    t.match(proofOf('restore'), { verdict: 'PASS' });
    t.same(await found(), before);
  });

  await t.test('the unit runs after a proof that ended with it stopped', async (t) => {
    // On half of the cores: it loads as many as it sees.
    const prove = ['taskset', '-c', share(1 / 2).join(), 'soak', 'prove', 'crash', '--quick'];
    const said = await host.machine.run(prove, { timeoutMs: 800_000 });
    t.same(notPassed(newest()), [], said.stderr);
    t.equal(said.code, 0, said.stderr);
    t.match(proofOf('crash'), { verdict: 'PASS' });
    t.match(proofOf('restore'), { verdict: 'PASS' });
    t.same(await found(), before);
  });
});
