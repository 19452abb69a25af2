import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { EffectOutcome } from '@hybrid-soak/contract/sample.ts';
import { begin, step } from '@hybrid-soak/supervisor/core/step.ts';
import { done, observation, options } from '../observations.ts';
import { NotMeasured, type Row } from '../row.ts';

const SOAK = resolve(import.meta.dirname, '../../../packages/supervisor/bin/soak');
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
    what: `\`soak ${name}\` on a 24 h run at 1 s sampling (86,400 samples)`,
    unit: 's',
    target: { most: 2 },
    async measure({ repeats }) {
      const folder = mkdtempSync(join(tmpdir(), 'hybrid-bench-'));
      try {
        writeDay(folder);
        const figures: number[] = [];
        for (let turn = 0; turn < repeats; turn++) {
          const started = performance.now();
          const { status, stderr } = spawnSync(SOAK, [name, ...args(folder)], { encoding: 'utf8', maxBuffer: 2 ** 28 });
          if (stderr.includes('unknown command')) throw new NotMeasured(`soak has no command ${name}`);
          if (status !== 0) throw new Error(`soak ${name}: ${status}: ${stderr}`);
          figures.push((performance.now() - started) / 1000);
        }
        return { figures, seen: 'the whole command, start-up included' };
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

export const replay = reading('replay', (folder) => [join(folder, 'soak_samples.jsonl')]);
export const report = reading('report', (folder) => [
  '--decisions',
  join(folder, 'soak_decisions.jsonl'),
  '--out',
  join(folder, 'report.html'),
]);
