import { ACTIONS } from '@hybrid-soak/contract/decision.ts';
import { CAUSES, HOLDS, QUIETS, VERDICTS } from '@hybrid-soak/contract/decision-fields.ts';
import { ENGINE_EXIT, SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { EXPLAINED, explain, meaningOfRecord } from '@hybrid-soak/contract/explain.ts';
import { ACTION_MEANINGS, HOLD_MEANINGS, VERDICT_MEANINGS } from '@hybrid-soak/contract/meanings.ts';
import t from 'tap';
import { soak } from './soak.ts';

t.test('every action, code, verdict and exit code is explained', async (t) => {
  const codes = [...Object.values(SOAK_EXIT), ...Object.values(ENGINE_EXIT)].map(String);
  for (const word of [...ACTIONS, ...HOLDS, ...CAUSES, ...QUIETS, ...VERDICTS, ...codes]) {
    t.ok(explain(word).length > 0, word);
    for (const { means, act } of explain(word)) t.ok(means !== '' && act !== '', word);
  }
});

t.test('every word has a meaning of its own, that says more than the word', async (t) => {
  const texts = new Map<string, string>();
  for (const { word, kind, means } of EXPLAINED) {
    t.equal(texts.get(means), undefined, `${word}: ${means}`);
    texts.set(means, `${word} (${kind})`);
    t.notSame(means.toLowerCase(), word.toLowerCase());
    t.notMatch(means, /^[A-Z_]+$/, 'not another word of the log');
  }
});

t.test('a record is explained by its code: hold, cause, verdict, exit code', async (t) => {
  const meaning = (record: Parameters<typeof meaningOfRecord>[0]) => meaningOfRecord(record)?.[0];
  t.equal(meaning({ action: 'SUMMARY', verdict: 'PASS' }), VERDICT_MEANINGS.PASS[0]);
  t.equal(meaning({ action: 'SUMMARY' }), ACTION_MEANINGS.SUMMARY[0], 'of the earlier tool');
  t.match(meaning({ action: 'ENGINE_EXIT', exit_code: 10 }), /^the engine ended with 10: every source unreachable/);
  t.equal(meaning({ action: 'ENGINE_EXIT', exit_code: 77 }), ACTION_MEANINGS.ENGINE_EXIT[0]);
  t.equal(meaning({ action: 'HOLD', hold: 'ambient' }), HOLD_MEANINGS.ambient[0]);
  t.equal(meaningOfRecord({ action: 'NOSUCH' }), null);
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
