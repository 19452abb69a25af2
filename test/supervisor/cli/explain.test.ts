import { ACTIONS } from '@hybrid-soak/contract/decision.ts';
import { CAUSES, HOLDS, QUIETS, VERDICTS } from '@hybrid-soak/contract/decision-fields.ts';
import { ENGINE_EXIT, SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { explain } from '@hybrid-soak/contract/explain.ts';
import t from 'tap';
import { soak } from './soak.ts';

t.test('every action, code, verdict and exit code is explained', async (t) => {
  const codes = [...Object.values(SOAK_EXIT), ...Object.values(ENGINE_EXIT)].map(String);
  for (const word of [...ACTIONS, ...HOLDS, ...CAUSES, ...QUIETS, ...VERDICTS, ...codes]) {
    t.ok(explain(word).length > 0, word);
    for (const { means, act } of explain(word)) t.ok(means !== '' && act !== '', word);
  }
});

t.test('soak explain takes any case, says both meanings of a code, and names what is near', async (t) => {
  const cwd = t.testdir({});
  const said = async (...args: string[]) => soak(cwd, 'explain', ...args).ended;
  t.match((await said('stall')).stdout, /^STALL {2}\(action\)\n {2}means: no new row.*\nstall {2}\(cause/s);
  t.match((await said('12')).stdout, /12 {2}\(exit code of soak\).*12 {2}\(exit code of hybrid-engine\)/s);
  t.match((await said('no', 'trades')).stdout, /^no trades {2}\(quiet/);
  t.match(JSON.parse((await said('OVERLOAD', '--json')).stdout), [{ word: 'overload' }, { word: '13' }]);
  t.match(await said('ENGINE_EX'), { code: 2, stderr: 'ENGINE_EX: not known; valid: ENGINE_EXIT\n' });
});

t.test('soak help run is soak run --help', async (t) => {
  const cwd = t.testdir({});
  t.equal((await soak(cwd, 'help', 'run').ended).stdout, (await soak(cwd, 'run', '--help').ended).stdout);
});
