import { execa } from 'execa';
import t from 'tap';
import { FAULTS } from './all.ts';
import { NotPossible, roundOf } from './fault.ts';

for (const fault of FAULTS.filter(({ short }) => short > 0))
  t.test(`${fault.name}: ${fault.what}`, async (t) => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    try {
      t.pass(await fault.inflict(roundOf(fault.short, seed)));
    } catch (error) {
      if (error instanceof NotPossible) t.pass('not possible here', { skip: error.message });
      else t.fail(`seed ${seed}: ${(error as Error).message}`);
    }
  });

t.test("a campaign outlasts tap's time limit", async (t) => {
  const env = { ...process.env, TAP_TIMEOUT: '1' };
  const { stdout } = await execa({ env })`${process.execPath} test/faults/main.ts clock --count 4`;
  t.match(stdout, /^clock: held: .* \((?!0\.)[0-9.]+ s\)$/);
});
