import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { embeddedUnit } from '@hybrid-soak/supervisor/unit/embedded.ts';
import {
  isRestarted,
  localCommand,
  parseUnitFile,
  serviceRules,
  timeSpanMs,
} from '@hybrid-soak/supervisor/unit/unit-file.ts';
import { withVariables } from '@hybrid-soak/supervisor/unit/unit-words.ts';
import t from 'tap';

const UNIT = `# comment
[Unit]
StartLimitIntervalSec=1min
StartLimitBurst=3
[Service]
ExecStart=/opt/hybrid-soak/current/bin/node --flag \\
  /opt/hybrid-soak/current/main.ts run --config /etc/hybrid-soak/config.toml
Environment=A=1 "B=two words"
Environment=C=3
Restart=on-failure
RestartSec=250ms
RestartPreventExitStatus=12 2
TimeoutStopSec=1min 30s
`;

t.test('the unit file is read as systemd reads it', async (t) => {
  const rules = serviceRules(parseUnitFile(UNIT));
  t.match(rules, {
    environment: { A: '1', B: 'two words', C: '3' },
    restart: 'on-failure',
    restartMs: 250,
    prevent: [12, 2],
    startLimit: { intervalMs: 60_000, burst: 3 },
    timeoutStopMs: 90_000,
  });
  t.same(localCommand(rules.argv, '/src', '/my/config.toml', ['--mode', 'synthetic']), [
    '/src/bin/node',
    '--flag',
    '/src/main.ts',
    'run',
    '--config',
    '/my/config.toml',
    '--mode',
    'synthetic',
  ]);
  t.equal(timeSpanMs('5'), 5000);
  t.equal(timeSpanMs('2minutes'), 120_000);
  t.equal(timeSpanMs('1min 20s'), 80_000);
  t.equal(timeSpanMs('infinity'), Number.POSITIVE_INFINITY);
});

t.test('quotes, escapes, prefixes, comments in a continuation, and lists that are merged or begun again', async (t) => {
  const rules = serviceRules(
    parseUnitFile(`[Service]
# not continued \\
ExecStart=/bin/none
ExecStart=
ExecStart=-@/bin/sh name -c 'echo "a b" \\x41' \\
# a comment in between
  "two\\tparts" 100%% ''
Environment='A=it''s' "B=x y" C=\\"q\\"
Environment=A=later
RestartPreventExitStatus=12
RestartPreventExitStatus=3 SIGABRT
TimeoutStopSec=0
`),
  );
  t.same(rules.argv, ['/bin/sh', '-c', 'echo "a b" A', 'two\tparts', '100%', '']);
  t.same(rules.environment, { A: 'later', B: 'x y', C: '"q"' });
  t.same(rules.prevent, [12, 3, 'SIGABRT']);
  t.equal(rules.timeoutStopMs, Number.POSITIVE_INFINITY, '0 is not a timeout');
});

t.test('variables of the command line', async (t) => {
  const found = { FLAGS: '--a  --b', NAME: 'x y' };
  t.same(withVariables(['$FLAGS', ['--n=$', '{NAME}'].join(''), '$NONE', 'a$$b', '$FLAGS.x'], found), [
    '--a',
    '--b',
    '--n=x y',
    'a$b',
    '$FLAGS.x',
  ]);
});

t.test("Restart= is systemd's table", async (t) => {
  const ends = { clean: [0, null], term: [null, 'SIGTERM'], code: [1, null], signal: [null, 'SIGSEGV'] } as const;
  const restarted = (settings: string) =>
    Object.entries(ends)
      .filter(([, [status, signal]]) =>
        isRestarted(serviceRules(parseUnitFile(`[Service]\n${settings}`)), status, signal),
      )
      .map(([name]) => name);
  t.same(restarted(''), []);
  t.same(restarted('Restart=no'), []);
  t.same(restarted('Restart=on-watchdog'), []);
  t.same(restarted('Restart=on-success'), ['clean', 'term']);
  t.same(restarted('Restart=on-failure'), ['code', 'signal']);
  t.same(restarted('Restart=on-abnormal'), ['signal']);
  t.same(restarted('Restart=on-abort'), ['signal']);
  t.same(restarted('Restart=always'), ['clean', 'term', 'code', 'signal']);
  t.same(restarted('Restart=always\nRestartPreventExitStatus=1 SIGSEGV'), ['clean', 'term']);
});

type Unit = ReturnType<typeof embeddedUnit>;

function unitOf(folder: string, script: string, settings = '') {
  const rules = serviceRules(
    parseUnitFile(`[Service]\nRestart=on-failure\nRestartSec=20ms\nRestartPreventExitStatus=12\n${settings}`),
  );
  rules.argv = ['/bin/sh', '-c', script];
  const pids: number[] = [];
  const unit = embeddedUnit({
    rules,
    cwd: folder,
    logFile: join(folder, 'engine.log'),
    runId: 'r',
    why: 'test',
    spawned: (pid) => pids.push(pid),
  });
  return { unit, pids };
}

/** The unit's value once `wanted` holds. */
async function until(
  unit: Unit,
  wanted: (value: { active_state: string; n_restarts: number; sub_state: string }) => boolean,
) {
  for (;;) {
    const reading = await unit.show();
    if (reading.available && wanted(reading.value)) return reading.value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Resolves once a file is there: the program says that it is ready. */
async function there(path: string) {
  while (!existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 10));
}

t.test('a start, a restart with a new invocation, a stop by SIGTERM', async (t) => {
  const folder = t.testdir({});
  const { unit, pids } = unitOf(
    folder,
    'trap "echo bye; exit 0" TERM; echo $INVOCATION_ID; touch ready; while :; do sleep 0.05; done',
  );
  const first = await unit.start();
  t.match(first, { ok: true, error: null, unit_pid: pids[0] });
  await there(join(folder, 'ready'));
  const second = await unit.restart();
  t.ok(second.ok && second.invocation_id !== first.invocation_id);
  t.match(await unit.stop(), { ok: true });
  t.match(await until(unit, (value) => value.active_state === 'inactive'), { main_pid: 0 });
  t.match(readFileSync(join(folder, 'engine.log'), 'utf8'), new RegExp(`${first.invocation_id}[^]*bye`));
});

t.test(
  "the unit's environment is the program's, but for the cache that systemd makes for the unit's account",
  async (t) => {
    const folder = t.testdir({});
    const settings = 'Environment=A=1 NODE_COMPILE_CACHE=/var/cache/hybrid-soak';
    const { unit } = unitOf(
      folder,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's
      'echo "$A ${NODE_COMPILE_CACHE-none}" > said; touch ready; exec sleep 600',
      settings,
    );
    await unit.start();
    await there(join(folder, 'ready'));
    t.equal(readFileSync(join(folder, 'said'), 'utf8'), `1 ${process.env['NODE_COMPILE_CACHE'] ?? 'none'}\n`);
    await unit.stop();
  },
);

t.test('exit code 12 stays down and is seen as 12', async (t) => {
  const { unit, pids } = unitOf(t.testdir({}), 'exit 12');
  await unit.start();
  t.match(await until(unit, (value) => value.active_state === 'failed'), {
    exec_main_status: 12,
    exec_main_code: 1,
    n_restarts: 0,
  });
  t.equal(pids.length, 1);
});

t.test("an engine's own exit 10, its exchange being away, is started again each time, as systemd does", async (t) => {
  const { unit, pids } = unitOf(
    t.testdir({}),
    'echo >> starts; [ $(wc -l < starts) -gt 2 ] && exec sleep 600; exit 10',
  );
  const first = await unit.start();
  const seen = await until(unit, (value) => value.n_restarts === 2 && value.active_state === 'active');
  t.match(seen, { result: 'success', main_pid: pids.at(-1) });
  t.not(seen.invocation_id, first.invocation_id);
  t.equal(pids.length, 3);
  await unit.stop();
});

t.test('a crash is started again until the start limit is hit', async (t) => {
  const { unit, pids } = unitOf(t.testdir({}), 'exit 1', '[Unit]\nStartLimitIntervalSec=60\nStartLimitBurst=3\n');
  await unit.start();
  t.match(await until(unit, (value) => value.active_state === 'failed'), {
    result: 'start-limit-hit',
    exec_main_status: 1,
  });
  t.equal(pids.length, 3);
});

t.test('RestartSec=infinity waits, and a burst of 0 is not a limit', async (t) => {
  const { unit, pids } = unitOf(t.testdir({}), 'exit 1', 'RestartSec=infinity\n[Unit]\nStartLimitBurst=0\n');
  await unit.start();
  t.match(await until(unit, (value) => value.sub_state === 'auto-restart'), { exec_main_status: 1 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.equal(pids.length, 1);
  await unit.stop();
  t.match(await unit.show(), { value: { active_state: 'inactive' } });
});

t.test('a process that ignores SIGTERM is killed after TimeoutStopSec, a stopped one ends too', async (t) => {
  const folder = t.testdir({});
  const { unit } = unitOf(folder, 'trap "" TERM; touch ready; while :; do sleep 0.05; done', 'TimeoutStopSec=300ms\n');
  const started = await unit.start();
  await there(join(folder, 'ready'));
  process.kill(started.unit_pid as number, 'SIGSTOP');
  t.match(await unit.stop(), { ok: true });
});

t.test('TimeoutStopSec=infinity gives the process its time', async (t) => {
  const folder = t.testdir({});
  const { unit } = unitOf(
    folder,
    'trap "sleep 0.3; echo drained; exit 0" TERM; touch ready; while :; do sleep 0.05; done',
    'TimeoutStopSec=infinity\n',
  );
  await unit.start();
  await there(join(folder, 'ready'));
  await unit.stop();
  t.match(readFileSync(join(folder, 'engine.log'), 'utf8'), /drained/);
});

t.test('the children of the process end with it', async (t) => {
  const folder = t.testdir({});
  const { unit } = unitOf(
    folder,
    'sleep 600 & echo $! > child; trap "exit 0" TERM; touch ready; while :; do sleep 0.05; done',
  );
  await unit.start();
  await there(join(folder, 'ready'));
  await unit.stop();
  const child = Number(readFileSync(join(folder, 'child'), 'utf8'));
  const state = () => {
    try {
      return readFileSync(`/proc/${child}/stat`, 'latin1').split(') ')[1]?.[0] ?? 'gone';
    } catch {
      return 'gone';
    }
  };
  while (!['gone', 'Z'].includes(state())) await new Promise((resolve) => setTimeout(resolve, 10));
  t.pass('gone');
});

t.test('a command that does not exist is a failed start with why', async (t) => {
  const rules = serviceRules(parseUnitFile('[Service]\nRestart=no\n'));
  rules.argv = ['/nonexistent/node'];
  const unit = embeddedUnit({
    rules,
    cwd: t.testdir({}),
    logFile: join(t.testdirName, 'l'),
    runId: 'r',
    why: '',
    spawned() {},
  });
  t.match(await unit.start(), { ok: false, error: /ENOENT/ });
});
