import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';

const RULES = join(import.meta.dirname, '../../ops/prometheus/hybrid-soak.rules.yml');
const missing =
  spawnSync('promtool', ['--version']).error !== undefined && 'promtool is not installed (Debian: prometheus)';

t.test('promtool accepts the alert rules', { skip: missing }, async (t) => {
  const checked = spawnSync('promtool', ['check', 'rules', RULES], { encoding: 'utf8' });
  t.match(checked, { status: 0, stdout: /SUCCESS: [1-9]\d* rules found/ }, checked.stderr);
});
