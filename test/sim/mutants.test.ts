import t from 'tap';
import { killerOf, MUTANTS, mutated } from './mutants.ts';

for (const mutant of MUTANTS)
  t.test(`the simulation finds a core that has this fault: ${mutant.name}`, async (t) => {
    t.type(await killerOf(mutant, 0), 'string');
  });

t.test('a fault that does not fit its file is an error, not a find', async (t) => {
  const [first] = MUTANTS;
  await t.rejects(mutated({ ...first!, line: 'a line that is nowhere' }), /has its line 0 times; valid: once/);
});
