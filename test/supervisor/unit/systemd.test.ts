import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseFacts } from '@hybrid-soak/supervisor/unit/facts.ts';
import { onItsWay } from '@hybrid-soak/supervisor/unit/settle.ts';
import { parseShow } from '@hybrid-soak/supervisor/unit/show.ts';
import { systemctl } from '@hybrid-soak/supervisor/unit/systemctl.ts';
import { systemdUnit } from '@hybrid-soak/supervisor/unit/systemd.ts';
import root from 'tap';

const t = root;

const PATH = process.env['PATH'];
t.afterEach(() => {
  process.env['PATH'] = PATH;
});

/** A systemctl of our own first on PATH: a shell script, and the file where it notes how it was called. */
function fakeSystemctl(t: { testdir: typeof root.testdir }, script: string) {
  const folder = t.testdir({ systemctl: `#!/bin/sh\nD=$(dirname "$0")\necho "$*" >> "$D/calls"\n${script}\n` });
  chmodSync(join(folder, 'systemctl'), 0o755);
  process.env['PATH'] = `${folder}:${PATH}`;
  const calls = () =>
    existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8').trimEnd().split('\n') : [];
  return { folder, calls };
}

const SHOW = `cat <<END
LoadState=loaded
ActiveState=$(cat $D/state)
SubState=running
Result=success
MainPID=${process.pid}
InvocationID=$(cat $D/invocation)
NRestarts=2
ExecMainStatus=0
ExecMainCode=0
ControlGroup=/hybrid.slice/u.service
END`;
/** State and invocation are files; restart gives a new invocation. */
const WORKING = `case "$*" in
*show*) ${SHOW}
;;
*reset-failed*) ;;
*restart*) echo active > $D/state; echo new$$ > $D/invocation ;;
*start*) echo active > $D/state; echo new$$ > $D/invocation ;;
*stop*) echo inactive > $D/state ;;
esac`;

t.test('show is parsed, and a quiet tick spawns nothing', async (t) => {
  const { folder, calls } = fakeSystemctl(t, WORKING);
  writeFileSync(join(folder, 'state'), 'active');
  writeFileSync(join(folder, 'invocation'), 'old');
  const unit = systemdUnit('user', 'u.service', 'why');
  const value = {
    active_state: 'active',
    invocation_id: 'old',
    n_restarts: 2,
    exec_main_status: null,
    control_group: '/hybrid.slice/u.service',
  };
  t.match(await unit.show(), { available: true, value });
  await unit.show();
  await unit.show();
  t.equal(calls().length, 1);
  t.match(calls()[0], /^--user --no-ask-password show u\.service/);
});

t.test('a restart of a failed unit resets it first and is verified by a new invocation', async (t) => {
  const { folder, calls } = fakeSystemctl(t, WORKING);
  writeFileSync(join(folder, 'state'), 'failed');
  writeFileSync(join(folder, 'invocation'), 'old');
  const outcome = await systemdUnit('system', 'u.service', 'why').restart();
  t.match(outcome, { ok: true, error: null, invocation_id: /^new/, unit_pid: process.pid });
  t.same(
    calls().map((call) => call.split(' ')[1]),
    ['show', 'show', 'reset-failed', 'restart', 'show'],
  );
});

t.test('a restart that leaves the old invocation, or a unit that is not active, has failed', async (t) => {
  const same = fakeSystemctl(t, WORKING.replace('*restart*)', '*restart*) ;; *never*)'));
  writeFileSync(join(same.folder, 'state'), 'active');
  writeFileSync(join(same.folder, 'invocation'), 'old');
  t.match(await systemdUnit('system', 'u.service', '').restart(), { ok: false, error: /invocation/ });
  writeFileSync(join(same.folder, 'state'), 'failed');
  t.match(await systemdUnit('system', 'u.service', '').restart(), { ok: false, error: /failed/ });
});

t.test('a stop is verified', async (t) => {
  const { folder } = fakeSystemctl(t, WORKING);
  writeFileSync(join(folder, 'state'), 'active');
  writeFileSync(join(folder, 'invocation'), 'old');
  t.match(await systemdUnit('system', 'u.service', '').stop(), { ok: true });
});

t.test('a systemctl that hangs is killed and named', async (t) => {
  fakeSystemctl(t, 'trap "" TERM; exec sleep 600');
  const called = await systemctl('system', ['show', 'u.service'], 500);
  t.match(called, { ok: false, error: 'systemctl show u.service: no answer within 0.5 s' });
});

t.test('a systemctl that fails gives its first line; one that is missing is said to be', async (t) => {
  fakeSystemctl(t, 'echo "Failed to connect to bus: No medium found" >&2; echo more >&2; exit 1');
  t.match(await systemctl('user', ['show']), { ok: false, error: /Failed to connect to bus: No medium found$/ });
  process.env['PATH'] = t.testdir({});
  t.match(await systemctl('system', ['--version']), { ok: false, missing: true });
});

t.test('a unit that does not exist is unavailable by name', async (t) => {
  t.match(parseShow('LoadState=not-found\nActiveState=inactive\n', 'nope.service'), {
    available: false,
    why: /nope\.service: no such unit/,
  });
  t.match(parseShow('', 'u'), { available: false });
  const failed = parseShow(
    'LoadState=loaded\nActiveState=failed\nSubState=failed\nMainPID=0\nNRestarts=0\nExecMainCode=1\nExecMainStatus=12\nInvocationID=\nControlGroup=\n',
    'u',
  );
  t.match(failed, {
    available: true,
    value: { exec_main_status: 12, exec_main_code: 1, invocation_id: null, control_group: null },
  });
});

t.test(
  'a unit with a job, or between two states, is on its way; one that waits for its RestartSec is not',
  async (t) => {
    const ways = [
      ['activating', 'start', false, 'activating (start)'],
      ['deactivating', 'stop-sigterm', false, 'deactivating (stop-sigterm)'],
      ['reloading', 'reload', false, 'reloading (reload)'],
      ['inactive', 'dead', true, 'inactive, a job is under way'],
      ['activating', 'auto-restart', false, null],
      ['active', 'running', false, null],
    ] as const;
    for (const [active_state, sub_state, job, way] of ways)
      t.equal(onItsWay({ ...parseFacts('system', 'u.service', ''), active_state, sub_state, job }), way);
  },
);
