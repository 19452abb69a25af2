import t from 'tap';
import { CONFIG, decided, run, soak } from './soak.ts';

/** No machine has it. */
const NONE = ['--unit', 'hybrid-nosuch.service'];

t.test('doctor without an installation says so, and passes nothing that is not there', async (t) => {
  const { code, stdout } = await soak(t.testdir({}), 'doctor', ...NONE).ended;
  t.equal(code, 20);
  t.match(stdout, /^BLOCKED the unit: hybrid-nosuch\.service is not installed: .*\n {8}-> sudo soak install/);
  t.match(
    stdout,
    /FAIL {4}the configuration is valid: \S+config\.toml: no such file\n {8}-> run this in a folder that has/,
  );
  t.match(stdout, /\n\d+ findings: 1 wrong, 1 not there or not checked\n$/);
  t.notMatch(stdout, /PASS .*(the unit|field names)/, 'neither a unit nor records: no statement about them');
  t.notMatch(stdout, /ENOENT/);
});

t.test('doctor beside a soak that runs the engine itself finds no fault in that', async (t) => {
  const cwd = t.testdir({ config: { 'config.toml': CONFIG } });
  const { child, ended } = run(cwd, '-d', '1h', ...NONE);
  await decided(cwd, 'ENGINE_RESTARTED');
  const { stdout } = await soak(cwd, 'doctor', ...NONE).ended;
  child.kill('SIGINT');
  await ended;
  t.match(stdout, /FAIL {4}no other supervisor: held by/);
  t.match(stdout, /findings: 1 wrong/);
});

t.test('doctor with a config is not all well either: the unit is missing', async (t) => {
  const cwd = t.testdir({ config: { 'config.toml': CONFIG } });
  const { code, stdout } = await soak(cwd, 'doctor', ...NONE, '--json').ended;
  const { verdict, checks } = JSON.parse(stdout) as { verdict: string; checks: { what: string; verdict: string }[] };
  t.match({ code, verdict }, { code: 22, verdict: 'BLOCKED' }, stdout);
  t.same(
    checks.filter((check) => check.verdict !== 'PASS').map(({ what }) => what),
    ['the unit'],
  );
});
