import t from 'tap';
import { needsSystemd } from './host.ts';
import { bootProving } from './proofs.ts';

t.test('soak prove outage, crash on a real systemd', needsSystemd(), async (t) => {
  const { host, found, proofOf } = await bootProving();
  t.teardown(host.close);
  const before = await found();

  await t.test('an outage of the exchange is not a stall; the unit runs afterwards, as before', async (t) => {
    const said = await host.machine.run(['soak', 'prove', 'outage', '--quick'], { timeoutMs: 500_000 });
    t.equal(said.code, 0, said.stderr);
    t.match(proofOf('outage'), { verdict: 'PASS' });
    t.match(proofOf('restore'), { verdict: 'PASS' });
    t.same(await found(), before);
  });

  await t.test('the unit runs after a proof that ended with it stopped', async (t) => {
    const said = await host.machine.run(['soak', 'prove', 'crash', '--quick'], { timeoutMs: 500_000 });
    t.equal(said.code, 0, said.stderr);
    t.match(proofOf('crash'), { verdict: 'PASS' });
    t.match(proofOf('restore'), { verdict: 'PASS' });
    t.same(await found(), before);
  });
});
