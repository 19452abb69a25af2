import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EffectOutcome } from '@hybrid-soak/contract/sample.ts';
import { begin, step } from '@hybrid-soak/supervisor/core/step.ts';
import { done, observation, options } from '../observations.ts';
import { alternate, median } from '../ratio.ts';
import { NODE, SOAK } from '../release.ts';
import type { Row } from '../row.ts';

const DAY_S = 86_400;

/** A day at 1 s sampling, and what was decided over it. */
function writeDay(folder: string): void {
  const samples = openSync(join(folder, 'soak_samples.jsonl'), 'w');
  const decisions = openSync(join(folder, 'soak_decisions.jsonl'), 'w');
  writeSync(samples, `${JSON.stringify({ v: 1, kind: 'header', options: options(1) })}\n`);
  let state = begin(options(1));
  let outcomes: EffectOutcome[] = [];
  for (let second = 0; second < DAY_S; second++) {
    const seen = { ...observation(second), outcomes };
    writeSync(samples, `${JSON.stringify(seen)}\n`);
    const next = step(state, seen);
    state = next.state;
    outcomes = next.decisions.flatMap(({ effect }) => (effect === null ? [] : [done(effect)]));
    for (const { record } of next.decisions) writeSync(decisions, `${JSON.stringify(record)}\n`);
  }
  closeSync(samples);
  closeSync(decisions);
}

function reading(name: 'replay' | 'report', args: (folder: string) => string[]): Row {
  return {
    name,
    what: `\`soak ${name}\` on a 24 h run at 1 s sampling against reading and parsing its 86,400 samples`,
    unit: 'x parsing',
    target: { most: 1.5 },
    async measure({ repeats }) {
      const folder = mkdtempSync(join(tmpdir(), 'hybrid-bench-'));
      try {
        writeDay(folder);
        const turns = await alternate(
          Math.min(repeats, 3),
          () => timed(NODE, ['-e', READ_AND_PARSE, join(folder, 'soak_samples.jsonl')]),
          () => timed(SOAK, [name, ...args(folder)]),
        );
        const s = (of: 'yardstick' | 'real') => `${median(turns.map((turn) => turn[of])).toFixed(2)} s`;
        return {
          figures: turns.map(({ yardstick, real }) => real / yardstick),
          seen: `parsing ${s('yardstick')}, the whole command ${s('real')}`,
        };
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

const READ_AND_PARSE = `for (const line of require('node:fs').readFileSync(process.argv[1], 'utf8').split('\\n'))
  if (line !== '') JSON.parse(line);`;

/** Seconds. */
function timed(program: string, args: string[]): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`${program} ${args[0]}: ${status}: ${stderr}`);
  return (performance.now() - started) / 1000;
}

export const replay = reading('replay', (folder) => [join(folder, 'soak_samples.jsonl')]);
export const report = reading('report', (folder) => [
  '--decisions',
  join(folder, 'soak_decisions.jsonl'),
  '--out',
  join(folder, 'report.html'),
]);
