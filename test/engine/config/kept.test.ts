import { readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keepConfig, keptConfig } from '@hybrid-soak/engine/config/kept.ts';
import { loadConfig } from '@hybrid-soak/engine/config/load.ts';
import t, { type Test } from 'tap';

const SOURCES = '[[source]]\nname = "a"\nurl = "ws://127.0.0.1:1/ws/btcusdt@trade"\nkind = "ticker"\npriority = 1\n';

/** A folder with a configuration, its sources, a release's sums, and what is kept of it; `check` reads and keeps as a start does. */
function ground(t: Test, config = '[engine]\ningest_mode = "realws"\nsample_every = 5\n') {
  const dir = t.testdir({ 'config.toml': config, 'ws_sources.toml': SOURCES, SHA256SUMS: 'one', cache: {} });
  const flags = { config: join(dir, 'config.toml') };
  const env = { NODE_COMPILE_CACHE: join(dir, 'cache') };
  const sums = join(dir, 'SHA256SUMS');
  const check = () => {
    const read = new Map<string, Buffer>();
    const checked = loadConfig(flags.config, undefined, undefined, read);
    if (!checked.ok) throw new Error('not valid');
    keepConfig(checked.value, read, flags, env, sums);
    return checked.value;
  };
  const kept = (more: NodeJS.ProcessEnv = {}, mode?: 'synthetic') =>
    keptConfig({ ...flags, ...(mode && { mode }) }, { ...env, ...more }, sums);
  const names = () => readdirSync(join(dir, 'cache'));
  return { dir, check, kept, names };
}

t.test('what was found valid is had again of the same bytes, and of no others', async (t) => {
  const { dir, check, kept, names } = ground(t);
  t.equal(kept(), null);
  const files = check();
  t.same(kept(), files);
  t.equal(statSync(join(dir, 'cache', names()[0] ?? '')).mode & 0o777, 0o600);
  t.equal(kept({ HTTPS_PROXY: 'http://127.0.0.1:3128' }), null, 'the proxy is checked with it');
  t.equal(kept({}, 'synthetic'), null, 'another mode');
  t.equal(kept({ NODE_COMPILE_CACHE: undefined }), null);
  for (const [name, changed] of [
    ['config.toml', '[engine]\ningest_mode = "realws"\nsample_every = 6\n'],
    ['ws_sources.toml', `${SOURCES}# more\n`],
    ['SHA256SUMS', 'another release'],
  ] as const) {
    const before = readFileSync(join(dir, name));
    writeFileSync(join(dir, name), changed);
    t.equal(kept(), null, name);
    writeFileSync(join(dir, name), before);
    t.same(kept(), files);
  }
});

t.test('a recording is looked at each time', async (t) => {
  const { dir, check, names } = ground(t);
  const file = JSON.stringify(join(dir, 'ticks.jsonl'));
  writeFileSync(join(dir, 'ticks.jsonl'), '');
  writeFileSync(join(dir, 'config.toml'), `[engine]\ningest_mode = "replay"\nreplay_file = ${file}\n`);
  check();
  t.same(names(), []);
});

t.test('what is torn, or leads elsewhere, is not had', async (t) => {
  const { dir, check, kept, names } = ground(t);
  check();
  const path = join(dir, 'cache', names()[0] ?? '');
  const whole = readFileSync(path);
  writeFileSync(path, whole.subarray(0, 100));
  t.equal(kept(), null);
  writeFileSync(join(dir, 'elsewhere'), whole);
  rmSync(path);
  symlinkSync(join(dir, 'elsewhere'), path);
  t.equal(kept(), null);
  check();
  t.not(kept(), null, 'the link is replaced');
  t.same(names().length, 1);
});

t.test('each rung of the ladder is kept, and not more than a few', async (t) => {
  const { dir, check, kept, names } = ground(t, '');
  for (let every = 1; every <= 12; every++) {
    writeFileSync(join(dir, 'config.toml'), `[engine]\nsample_every = ${every}\n`);
    check();
    t.equal(kept()?.config.engine.sample_every, every);
  }
  t.equal(names().length, 8);
});
