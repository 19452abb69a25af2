import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatFault } from '@hybrid-soak/contract/fault.ts';
import t from 'tap';
import { DECISIONS, HEADER, observationAt } from '../../report/fixture.ts';
import { CONFIG, soak } from './soak.ts';

/** Sets a terminal's title, clears it, and turns the direction of writing around. */
const EVIL = '\x1b]0;owned\x07\x1b[2J\x9b31m\u202e';
// biome-ignore lint/suspicious/noControlCharactersInRegex: what must not arrive
const STEERS = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/;

t.test('text from outside steers no terminal, whichever command shows it', async (t) => {
  const evil = (record: object) => ({ ...record, reason: EVIL, state: EVIL, policy: EVIL, ingest_mode: EVIL });
  const lines = (records: object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');
  const cwd = t.testdir({
    config: { 'config.toml': CONFIG, 'evil.toml': `[engine]\ningest_mode = "${EVIL}"\n${EVIL} = 1\n` },
    'evil.jsonl': lines(DECISIONS.map(evil)),
    'samples.jsonl': lines([HEADER, ...[0, 1, 2, 3].map((second) => observationAt(second))]),
    data: { ops: {} },
  });
  writeFileSync(join(cwd, 'data/ops/soak_decisions.jsonl'), lines(DECISIONS.map(evil)));
  const commands = [
    ['status'],
    ['tail'],
    ['compare', 'evil.jsonl', 'evil.jsonl'],
    ['replay', 'evil.jsonl'],
    ['replay', EVIL.replaceAll('\0', '')],
    ['run', '--manager', 'embedded', '--config', 'config/evil.toml'],
    ['doctor', '--manager', 'embedded', '--config', 'config/evil.toml'],
    ['run', '--manager', 'embedded', '--db', EVIL, '--dry-run'],
    ['report', EVIL],
    ['restore', '--decisions', `${EVIL}/x`],
  ];
  for (const args of commands) {
    const { stdout, stderr } = await soak(cwd, ...args).ended;
    t.ok(stdout.length + stderr.length > 0, args[0] ?? '');
    t.notMatch(stdout + stderr, STEERS, args.join(' '));
  }
});

t.test('a fault of a configuration is one line, whatever the file holds', async (t) => {
  const fault = { file: 'f', line: 1, column: 1, key: EVIL, problem: `is ${EVIL}`, valid: `one of\n${EVIL}` };
  t.notMatch(formatFault(fault), STEERS);
  t.notMatch(formatFault(fault), '\n');
});
