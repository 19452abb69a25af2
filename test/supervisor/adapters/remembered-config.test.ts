import { renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkConfig } from '@hybrid-soak/contract/config-check.ts';
import {
  areRememberedSources,
  rememberConfig,
  rememberedConfig,
  rememberSources,
} from '@hybrid-soak/supervisor/adapters/remembered-config.ts';
import t, { type Test } from 'tap';

const TEXT = '[engine]\nsample_every = 5\n';

/** A release's sums and the folder of what is kept. */
function ground(t: Test) {
  const dir = t.testdir({ SHA256SUMS: 'one', cache: {} });
  const [env, sums] = [{ NODE_COMPILE_CACHE: join(dir, 'cache') }, join(dir, 'SHA256SUMS')];
  const checked = checkConfig(TEXT, 'config.toml');
  if (!checked.ok) throw new Error('not valid');
  rememberConfig(TEXT, checked.value, env, sums);
  return {
    env,
    sums,
    config: checked.value,
    file: join(dir, 'cache/soak-config.json'),
    had: (text = TEXT, given = env) => rememberedConfig(text, given, sums),
  };
}

t.test('what was found valid is had again of the same text, and of no other', async (t) => {
  const { config, file, had, sums } = ground(t);
  t.same(had(), config);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(had(`${TEXT}# more`), null);
  t.equal(rememberedConfig(TEXT, {}, sums), null, 'nothing is kept in a home of another account');
  writeFileSync(sums, 'another release');
  t.equal(had(), null);
});

t.test('the sources beside it are remembered too, through a change of the config', async (t) => {
  const { config, env, sums, had } = ground(t);
  t.notOk(areRememberedSources('# none', env, sums));
  rememberSources('# none', env, sums);
  t.same(had(), config);
  rememberConfig(`${TEXT}# more`, config, env, sums);
  t.ok(areRememberedSources('# none', env, sums));
  t.notOk(areRememberedSources('# some', env, sums));
  t.same(had(`${TEXT}# more`), config);
  writeFileSync(sums, 'another release');
  t.notOk(areRememberedSources('# none', env, sums));
});

t.test('what is torn, or leads elsewhere, is not had', async (t) => {
  const { file, had, config } = ground(t);
  renameSync(file, `${file}.elsewhere`);
  symlinkSync(`${file}.elsewhere`, file);
  t.equal(had(), null);
  renameSync(`${file}.elsewhere`, file);
  t.same(had(), config);
  writeFileSync(file, '{"sums":"one",');
  t.equal(had(), null);
});

t.test('nothing is kept in a folder that cannot be written', async (t) => {
  const { config, file, sums } = ground(t);
  const env = { NODE_COMPILE_CACHE: file };
  rememberConfig(TEXT, config, env, sums);
  t.equal(rememberedConfig(TEXT, env, sums), null);
});
