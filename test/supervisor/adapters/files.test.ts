import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { RunState } from '@hybrid-soak/contract/run-state.ts';
import { abortRequest } from '@hybrid-soak/supervisor/adapters/abort-file.ts';
import { readConfigFile, writeSampleEvery } from '@hybrid-soak/supervisor/adapters/config-file.ts';
import { openDecisionLog } from '@hybrid-soak/supervisor/adapters/decision-log.ts';
import { openSamples } from '@hybrid-soak/supervisor/adapters/samples-file.ts';
import type { Effect } from '@hybrid-soak/supervisor/core/effect.ts';
import { restoreConfig } from '@hybrid-soak/supervisor/recovery/config.ts';
import { loadRunState, removeRunState, saveRunState } from '@hybrid-soak/supervisor/recovery/run-state.ts';
import { perform } from '@hybrid-soak/supervisor/run/effects.ts';
import type { UnitManager } from '@hybrid-soak/supervisor/unit/manager.ts';
import t from 'tap';
import { leftState } from '../run-state.ts';

const CONFIG = '# mine\r\n[engine]\r\nsample_every = 1  # one\r\n';
const THROTTLED = CONFIG.replace('= 1 ', '= 20 ');

t.test('the rewrite changes one token, keeps the mode, leaves no temp file and writes through a symlink', async (t) => {
  const folder = t.testdir({ real: { 'config.toml': CONFIG } });
  const real = join(folder, 'real/config.toml');
  const link = join(folder, 'config.toml');
  symlinkSync(real, link);
  chmodSync(real, 0o640);
  let intent = '';
  writeSampleEvery(link, 20, (text) => {
    intent = text;
    t.equal(readFileSync(real, 'utf8'), CONFIG, 'the intent is saved before the act');
  });
  t.equal(intent, THROTTLED);
  t.equal(readFileSync(real, 'utf8'), THROTTLED);
  t.equal(statSync(real).mode & 0o7777, 0o640);
  t.ok(lstatSync(link).isSymbolicLink());
  t.same(readdirSync(join(folder, 'real')), ['config.toml']);
  t.same(readConfigFile(link), { available: true, value: { sample_every: 20 } });
});

t.test('bytes that are not UTF-8 are refused, not replaced', async (t) => {
  const path = join(t.testdir({}), 'config.toml');
  const bytes = Buffer.from('# caf\xe9\n[engine]\nsample_every = 1\n', 'latin1');
  writeFileSync(path, bytes);
  t.throws(() => writeSampleEvery(path, 5), /UTF-8/);
  t.same(readFileSync(path), bytes);
});

t.test('a config that is missing or is not TOML is unavailable with why', async (t) => {
  const folder = t.testdir({ 'bad.toml': '[engine\n' });
  t.match(readConfigFile(join(folder, 'none.toml')), { available: false, why: /none\.toml.*ENOENT/ });
  t.match(readConfigFile(join(folder, 'bad.toml')), { available: false, why: /TOML/ });
});

const runState = (config: string, written_text: string | null) => leftState(config, CONFIG, { written_text });

t.test('what a soak leaves is read back, and removed twice without complaint', async (t) => {
  const path = join(t.testdir({}), 'soak_state.json');
  t.equal(loadRunState(path), null);
  const state = runState('/c', null);
  saveRunState(path, state);
  t.same(loadRunState(path), state);
  removeRunState(path);
  removeRunState(path);
  t.equal(loadRunState(path), null);
  for (const text of ['', '{"v":1', 'null', '{"v":1,"run_id":"x"}', '[]']) {
    writeFileSync(path, text);
    t.throws(() => loadRunState(path), {
      name: 'Stop',
      exitCode: 12,
      message: /is not what a soak left/,
    });
  }
});

t.test('restoring puts the exact bytes back, or the one token where someone has edited since', async (t) => {
  const path = join(t.testdir({ 'config.toml': THROTTLED }), 'config.toml');
  restoreConfig(runState(path, THROTTLED));
  t.equal(readFileSync(path, 'utf8'), CONFIG);
  writeFileSync(path, `${THROTTLED}tick_interval_ms = 7\r\n`);
  restoreConfig(runState(path, THROTTLED));
  t.equal(readFileSync(path, 'utf8'), `${CONFIG}tick_interval_ms = 7\r\n`);
});

t.test('what someone edits between two rungs survives the restore', async (t) => {
  const folder = t.testdir({ 'config.toml': CONFIG });
  const path = join(folder, 'config.toml');
  const actor = {
    manager: {} as UnitManager,
    runStatePath: join(folder, 'state.json'),
    runState: runState(path, null),
    db: join(folder, 'bot.db'),
  };
  const rung = (sample_every: number) =>
    perform({ id: 1, kind: 'set-rung', apply: 'restart', sample_every } as Effect, actor);
  await rung(5);
  writeFileSync(path, `${readFileSync(path, 'utf8')}strategy = "sma" # theirs\r\n`);
  await rung(20);
  t.equal(readFileSync(path, 'utf8'), `${THROTTLED}strategy = "sma" # theirs\r\n`);
  restoreConfig(loadRunState(actor.runStatePath) as RunState);
  t.equal(readFileSync(path, 'utf8'), `${CONFIG}strategy = "sma" # theirs\r\n`);
});

t.test('a kill between the intent of a rung and its write leaves the exact bytes to restore', async (t) => {
  const found = '[engine]\nsample_every = 0x1\n';
  const path = join(t.testdir({ 'config.toml': found.replace('0x1', '5') }), 'config.toml');
  const overwritten_text = found.replace('0x1', '5');
  restoreConfig({ ...runState(path, found.replace('0x1', '10')), original_text: found, overwritten_text });
  t.equal(readFileSync(path, 'utf8'), found);
});

t.test('a write in place that a kill cut short, at any byte, is restored', async (t) => {
  const path = join(t.testdir({ 'config.toml': CONFIG }), 'config.toml');
  const five = CONFIG.replace('= 1 ', '= 5 ');
  // Longer, shorter, and of the same length as what it is written over; then the restoring of it itself.
  for (const [old, written] of [
    [five, THROTTLED],
    [THROTTLED, five],
    [CONFIG, five],
    [THROTTLED, CONFIG],
  ] as const)
    for (let bytes = 0; bytes <= written.length; bytes++) {
      writeFileSync(path, written.slice(0, bytes) + old.slice(bytes));
      restoreConfig({ ...runState(path, written === CONFIG ? five : written), overwritten_text: old });
      if (readFileSync(path, 'utf8') !== CONFIG) t.fail(`${bytes} bytes of ${JSON.stringify(written)} over ${old}`);
    }
  t.equal(readFileSync(path, 'utf8'), CONFIG);
});

t.test("an operator's own sample_every stays, another key that was edited stays beside the restored one", async (t) => {
  const path = join(t.testdir({ 'config.toml': THROTTLED.replace('20', '7') }), 'config.toml');
  t.match(restoreConfig(runState(path, THROTTLED)), { kept: "sample_every 7 is not the soak's and stays" });
  t.equal(readFileSync(path, 'utf8'), THROTTLED.replace('20', '7'));
});

t.test('a missing config is restored; one that an edit broke is left alone and reported', async (t) => {
  const folder = t.testdir({ 'broken.toml': '[engine\n' });
  restoreConfig(runState(join(folder, 'config.toml'), THROTTLED));
  t.equal(readFileSync(join(folder, 'config.toml'), 'utf8'), CONFIG);
  const broken = join(folder, 'broken.toml');
  t.throws(() => restoreConfig(runState(broken, THROTTLED)), {
    exitCode: 12,
    message: /broken\.toml: edited.*not valid/,
  });
  t.equal(readFileSync(broken, 'utf8'), '[engine\n');
});

t.test('a config that the soak has not written is left alone, a broken one too', async (t) => {
  const path = join(t.testdir({ 'config.toml': 'sample_every = = 2\n' }), 'config.toml');
  t.match(restoreConfig(runState(path, null)), { changed: false });
  t.equal(readFileSync(path, 'utf8'), 'sample_every = = 2\n');
});

t.test('an engine is restarted for the restored config only where it may run with another', async (t) => {
  const path = join(t.testdir({ 'config.toml': CONFIG }), 'config.toml');
  t.match(restoreConfig(runState(path, CONFIG)), { changed: false }, 'the soak was back at its first rung');
  t.match(restoreConfig(runState(path, THROTTLED)), { changed: true });
});

const record = {
  timestamp: 'T',
  run_id: 'r',
  seq: 1,
  ingest_mode: 'synthetic',
  psi_actions: 'on',
  policy: 'classic',
  state: 'NORMAL',
  current_sample_every: 1,
  action: 'STOP',
  reason: 'x',
} as const;

t.test('the log only grows, and a torn last line is cut off and kept aside', async (t) => {
  const folder = t.testdir({ 'log.jsonl': '{"a":1}\n{"torn":' });
  const path = join(folder, 'log.jsonl');
  const log = openDecisionLog(path);
  t.match(log.tornLine, /torn-/);
  t.equal(readFileSync(log.tornLine as string, 'utf8'), '{"torn":');
  log.append(record);
  log.close();
  t.equal(readFileSync(path, 'utf8'), `{"a":1}\n${JSON.stringify(record)}\n`);
  const again = openDecisionLog(path);
  t.equal(again.tornLine, null);
  again.close();
});

t.test('a log that is rotated or removed meanwhile goes on under its own name', async (t) => {
  const folder = t.testdir({});
  const path = join(folder, 'log.jsonl');
  const log = openDecisionLog(path);
  log.append(record);
  renameSync(path, `${path}.1`);
  log.append({ ...record, seq: 2 });
  t.match(readFileSync(path, 'utf8'), /^{[^\n]*"seq":2[^\n]*}\n$/);
  t.match(readFileSync(`${path}.1`, 'utf8'), /^{[^\n]*"seq":1[^\n]*}\n$/, 'nothing of the new in the old');
  rmSync(path);
  log.append({ ...record, seq: 3 });
  log.close();
  t.match(readFileSync(path, 'utf8'), /^{[^\n]*"seq":3[^\n]*}\n$/);
});

t.test('whatever has the name ABORT is a request, only nothing is none', async (t) => {
  const folder = t.testdir({ file: 'disk swap\nmore\n', empty: '', folder: {} });
  symlinkSync(join(folder, 'nowhere'), join(folder, 'link'));
  execFileSync('mkfifo', [join(folder, 'fifo')]);
  t.equal(abortRequest(join(folder, 'none')), null);
  t.equal(abortRequest(join(folder, 'none/of/it')), null);
  t.equal(abortRequest(join(folder, 'file')), 'disk swap');
  t.equal(abortRequest(join(folder, 'empty')), '');
  t.equal(abortRequest(join(folder, 'folder')), '(not readable: EISDIR)');
  t.equal(abortRequest(join(folder, 'link')), '(not readable: ELOOP)');
  t.equal(abortRequest(join(folder, 'fifo')), '(not readable: ENXIO)');
});

t.test('samples begin with the options and the machine; the runs before are kept, the last five', async (t) => {
  const folder = t.testdir({ ops: {} });
  const path = join(folder, 'ops/soak_samples.jsonl');
  // biome-ignore lint/suspicious/noExplicitAny: the header is written as it is given
  const options = { run_id: 'r' } as any;
  for (let run = 0; run < 8; run++) {
    const samples = openSamples(path, { options, environment: { host: 'h' } }, () => t.fail('not full'));
    // biome-ignore lint/suspicious/noExplicitAny: one line of whatever was seen
    samples.append({ v: 1, run } as any);
    samples.close();
  }
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  t.match(
    lines.map((line) => JSON.parse(line)),
    [
      { v: 1, kind: 'header', options: { run_id: 'r' }, environment: { host: 'h' } },
      { v: 1, run: 7 },
    ],
  );
  t.equal(lines.length, 2);
  const kept = readdirSync(join(folder, 'ops')).length;
  t.ok(kept >= 2 && kept <= 6, `${kept} files`);
  mkdirSync(join(folder, 'done'));
});
