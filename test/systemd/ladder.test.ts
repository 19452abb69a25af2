import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { proofFileSchema } from '@hybrid-soak/contract/proof.ts';
import t from 'tap';
import { cpus, Host, needsSystemd, UNIT } from './host.ts';
import { notPassed } from './proofs.ts';

const CONFIG = '[engine]\ningest_mode = "synthetic"\nsample_every = 1 # one\n';

t.test('soak prove ladder: real pressure, of others and of the engine itself', needsSystemd(), async (t) => {
  const host = await Host.boot(CONFIG);
  t.teardown(host.close);
  // The engine on one core, its neighbours on half of them, which is enough to wait for: two loops for each that the proof sees.
  const half = cpus().slice(0, Math.ceil(cpus().length / 2));
  const dropIn = `/run/systemd/system/${UNIT}.d`;
  await host.run(
    'sh',
    '-c',
    `mkdir -p ${dropIn} && printf '[Service]\\nCPUAffinity=${half[0]}\\n' > ${dropIn}/one-core.conf`,
  );
  await host.systemctl('daemon-reload');
  // Two minutes on a calm machine.
  const prove = ['taskset', '-c', half.join(), 'soak', 'prove', 'ladder', '--quick'];
  const said = await host.machine.run(prove, { timeoutMs: 800_000 });
  const folder = host.path('data/ops/proofs');
  const text = readFileSync(join(folder, readdirSync(folder)[0] as string, 'proof.json'), 'utf8');
  const file = proofFileSchema.parse(JSON.parse(text));
  for (const { what, measured } of file.proofs.flatMap(({ checks }) => checks)) t.comment(`${what}: ${measured}`);
  t.same(notPassed(file), []);
  t.equal(said.code, 0, said.stderr);
  t.same(
    file.proofs.map(({ name, checks }) => [name, checks.length > 0]),
    [
      ['ladder', true],
      ['restore', true],
    ],
  );
  t.equal(file.proofs[0]?.checks.length, 5);
  t.equal(host.readConfig(), CONFIG);
});
