import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunState } from '@hybrid-soak/contract/run-state.ts';
import { self } from '@hybrid-soak/supervisor/adapters/owner.ts';
import { recover } from '@hybrid-soak/supervisor/recovery/restore.ts';
import { saveRunState } from '@hybrid-soak/supervisor/recovery/run-state.ts';
import t, { type Test } from 'tap';
import { leftState } from '../run-state.ts';

const CONFIG = '[engine]\nsample_every = 1\n';
const RUNG = '[engine]\nsample_every = 5\n';

const PATH = process.env['PATH'];
t.afterEach(() => {
  process.env['PATH'] = PATH;
});

/** A systemd of a shell script, first on the PATH, that notes how it was called. */
const SYSTEMCTL = `#!/bin/sh
D=$(dirname "$0")
echo "$@" >> $D/calls
case "$*" in
  *is-system-running*) cat $D/system ;;
  *list-jobs*) cat $D/jobs ;;
  *" restart "*|*" start "*) [ ! -e $D/refuses ] || { echo "Transaction is destructive." >&2; exit 1; }; echo new > $D/invocation ;;
  *show*) echo LoadState=loaded; echo ActiveState=active; echo SubState=running; echo Id=u.service; echo MainPID=1;
    echo NRestarts=0; echo ExecMainCode=0; echo "InvocationID=$(cat $D/invocation)" ;;
esac
`;

function left(t: Pick<Test, 'testdir'>, more: Partial<RunState>, files: Record<string, string> = {}) {
  const folder = t.testdir({
    ...{ systemctl: SYSTEMCTL, calls: '', system: 'running\n', jobs: '', invocation: 'old\n' },
    ...{ 'config.toml': RUNG, 'soak.prom': 'x 1\n', ...files },
  });
  chmodSync(join(folder, 'systemctl'), 0o755);
  process.env['PATH'] = `${folder}:${PATH}`;
  const path = (name: string) => join(folder, name);
  const state = leftState(path('config.toml'), CONFIG, {
    ...{ manager: 'system', was_running: true, written_text: RUNG, overwritten_text: CONFIG },
    ...{ decisions: path('log.jsonl'), metrics_textfile: path('soak.prom'), ...more },
  });
  saveRunState(path('state.json'), state);
  const acts = () =>
    (readFileSync(path('calls'), 'utf8').match(/ (re)?start u\.service| stop u\.service/g) ?? []).map((act) =>
      act.trim(),
    );
  return { path, acts };
}

t.test(
  'in the same boot config and unit are restored, recorded in the log of the run, and nothing is left',
  async (t) => {
    const { path, acts } = left(t, {});
    await recover(path('state.json'));
    t.same(acts(), ['restart u.service']);
    t.equal(readFileSync(path('config.toml'), 'utf8'), CONFIG);
    for (const name of ['state.json', 'soak.prom']) t.notOk(existsSync(path(name)), name);
    const record = JSON.parse(readFileSync(path('log.jsonl'), 'utf8'));
    t.match(record, { action: 'RESTORED', run_id: '537ae0ad-078a-4974-be0e-79ba6b9e666f', current_sample_every: 1 });
  },
);

t.test('a run whose owner lives is not restored', async (t) => {
  const { path, acts } = left(t, { owner: self() });
  await t.rejects(recover(path('state.json')), { exitCode: 2, message: /still running \(pid \d+, run 537a/ });
  t.same(acts(), []);
  t.equal(readFileSync(path('config.toml'), 'utf8'), RUNG);
});

t.test('after another boot the config alone is restored', async (t) => {
  const { path, acts } = left(t, { owner: { pid: 1, start: '1', boot: 'another' } });
  t.match(await recover(path('state.json')), { what: /booted since/ });
  t.same(acts(), []);
  t.equal(readFileSync(path('config.toml'), 'utf8'), CONFIG);
  t.notOk(existsSync(path('state.json')));
});

t.test('while the system goes down, or to rescue, the config alone is enough', async (t) => {
  const jobs = '42 rescue.target start running\n';
  for (const files of [{ system: 'stopping\n' }, { system: 'maintenance\n' }, { jobs, refuses: '' }]) {
    const { path } = left(t, {}, files);
    t.match(await recover(path('state.json')), { what: /going down/ });
    t.equal(readFileSync(path('config.toml'), 'utf8'), CONFIG);
    t.notOk(existsSync(path('state.json')));
  }
});

t.test('a unit that cannot be restored keeps the state and names the way out', async (t) => {
  const { path } = left(t, {}, { refuses: '' });
  await t.rejects(recover(path('state.json')), { exitCode: 20, message: /valid: .*or remove .*state\.json if/ });
  t.ok(existsSync(path('state.json')));
  writeFileSync(path('refuses'), '');
});
