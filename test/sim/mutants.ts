import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Core, drive } from './drive.ts';
import { NAMED } from './named.ts';
import { seeded } from './random.ts';
import { RULES } from './rules/all.ts';
import { drawScenario } from './scenario.ts';

/** A fault in one line of the core, and the named scenario that finds it. */
export interface Mutant {
  name: string;
  /** Below `core/`. */
  file: string;
  line: string;
  becomes: string;
  by: string;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'never escalates',
    file: 'ladder/adaptive.ts',
    line: 'if (lasting.length > 0)',
    becomes: 'if (lasting.length > 9)',
    by: 'a hog that no rung cures',
  },
  {
    name: 'never recovers',
    file: 'ladder/adaptive.ts',
    line: 'if (good === null) return null;',
    becomes: 'return null;',
    by: '12: a rung climbed once, then others alone',
  },
  {
    name: 'everything is ambient',
    file: 'look/look.ts',
    line: 'const parts = observation.parts ?? partsOf(memory.meter);',
    becomes:
      'const parts = mapResources((r) => ({ ...(observation.parts ?? partsOf(memory.meter))[r], part: 0, before_quota: 0 }));',
    by: 'a hog that no rung cures',
  },
  {
    name: 'never aborts at the top',
    file: 'ladder/adaptive.ts',
    line: 'if (overMs < p.abort_after_s * 1000)',
    becomes: 'if (overMs > 0)',
    by: 'a hog that no rung cures',
  },
  {
    name: 'always PASS',
    file: 'ending/judge.ts',
    line: 'export function judgeSoak(state: State, ending: Ending): Ending {',
    becomes:
      "export function judgeSoak(state: State, ending: Ending): Ending {\n  if (state) return { ...ending, verdict: 'PASS', exit_code: 0 };",
    by: '4: crashes are counted and judged',
  },
  {
    name: 'HOLD on every look',
    file: 'records.ts',
    line: 'if (last === undefined || clock.now - last > SPELL_ENDS_MS)',
    becomes: 'if (last !== null)',
    by: '16: no cgroup, 3 % of a CPU beside busy neighbours',
  },
  {
    name: 'stalls counted twice',
    file: 'stall.ts',
    line: 'stall.count++;',
    becomes: 'stall.count += 2;',
    by: '9: a freeze whose restart outlasts an interval',
  },
  {
    name: 'one stall, several records',
    file: 'stall.ts',
    line: 'stall.declared = true;',
    becomes: 'stall.declared = false;',
    by: 'a freeze that no restart cures',
  },
  {
    name: 'stall at 0.7 of the threshold',
    file: 'stall.ts',
    line: 'const thresholdMs = state.options.parameters.stall_threshold_s * 1000;',
    becomes: 'const thresholdMs = state.options.parameters.stall_threshold_s * 700;',
    by: '9: a freeze whose restart outlasts an interval',
  },
  {
    name: 'effect always 0',
    file: 'ladder/effect.ts',
    line: 'const saved = round(Math.max(0, measuring.before - after));',
    becomes: 'const saved = after * 0;',
    by: '17: the engine writes',
  },
  {
    name: 'effect unknown at every other look',
    file: 'ladder/use.ts',
    line: 'counted.findLast(({ mono }) => mono <= last.mono - ms) ?? counted[0] ?? last;',
    becomes: 'counted.find(({ mono }) => mono >= last.mono - ms) ?? last;',
    by: '14: a recovery by its measured effect, the looks 200 ms off',
  },
  {
    name: 'product of means',
    file: 'look/meter.ts',
    line: 'return capped ? atMost(part, mean(intervals, own), OWN_WAIT_FACTOR) : part;',
    becomes: 'return product(pressure, share);',
    by: '20: neighbour and engine in turns of 5 s',
  },
  {
    name: 'duration +10 %',
    file: 'ending/summary.ts',
    line: 'duration_s: round(totals.observed / 1000),',
    becomes: 'duration_s: round(totals.observed / 909),',
    by: 'an hour of nothing',
  },
  {
    name: 'exits not recorded',
    file: 'unit.ts',
    line: 'reason = recordExit(draft, now, exitOf(observation, now, { ended, down, again, exits }));',
    becomes: 'reason = null;',
    by: '4: crashes are counted and judged',
  },
  {
    name: 'share x 2',
    file: 'look/meter.ts',
    line: 'cpu: shareOf(grown(from.engineCpu, to.engineCpu), grown(from.hostCpu, to.hostCpu)),',
    becomes:
      'cpu: Math.min(1, 2 * (shareOf(grown(from.engineCpu, to.engineCpu), grown(from.hostCpu, to.hostCpu)) ?? 0)),',
    by: 'others alone, half of the limit',
  },
  {
    name: 'maximum for mean',
    file: 'look/meter.ts',
    line: 'return known < MIN_SPAN_MS || known < all / 2 ? null : sum / known;',
    becomes: 'return known === 0 ? null : Math.max(...intervals.map(of).filter((value) => value !== null));',
    by: 'bursts of 2 s in 10 beside others',
  },
  {
    name: '30 s after a rung ignored',
    file: 'ladder/adaptive.ts',
    line: 'if (cooling)',
    becomes: 'if (cooling === null)',
    by: 'a hog that no rung cures',
  },
  {
    name: 'who does not wait contends',
    file: 'look/meter.ts',
    line: 'const IDLE_SHARE = 0.1;',
    becomes: 'const IDLE_SHARE = 2;',
    by: '19: a neighbour under a quota, the host half idle',
  },
  {
    name: 'all stall beside an idle CPU contends',
    file: 'look/meter.ts',
    line: 'const CONTENDED_FACTOR = 4;',
    becomes: 'const CONTENDED_FACTOR = 400;',
    by: 'a busy engine, many threads under a quota, the host half idle',
  },
  {
    name: 'throttled time summed over CPUs',
    file: 'look/meter.ts',
    line: 'return throttled / Math.max(1, throttled + used);',
    becomes: 'return throttled + 0 * used;',
    by: 'threads under a quota of their own, over the limit besides',
  },
  {
    name: 'its own quota explains no stall',
    file: 'look/meter.ts',
    line: 'const stall = corrected ? less(i.pressure.cpu, i.throttled) : i.pressure.cpu;',
    becomes: 'const stall = i.pressure.cpu;',
    by: 'others contend only while its quota lets it run',
  },
  {
    name: 'recoveries beyond the budget',
    file: 'ladder/adaptive.ts',
    line: 'if (!mayRecover(state))',
    becomes: 'if (!state)',
    by: '10: a recovery that waits for the budget',
  },
];

const CORE_FOLDER = fileURLToPath(new URL('../../packages/supervisor/src/core', import.meta.url));
const CONTRACT = fileURLToPath(new URL('../../packages/contract', import.meta.url));

/** A copy of the core with the mutant's line; throws if the line is not in it exactly once. `close` removes it. */
export async function mutated({ name, file, line, becomes }: Mutant): Promise<{ core: Core; close(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'mutant-'));
  const close = () => rmSync(folder, { recursive: true, force: true });
  try {
    cpSync(CORE_FOLDER, join(folder, 'core'), { recursive: true });
    mkdirSync(join(folder, 'node_modules/@hybrid-soak'), { recursive: true });
    symlinkSync(CONTRACT, join(folder, 'node_modules/@hybrid-soak/contract'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
    const path = join(folder, 'core', file);
    const parts = readFileSync(path, 'utf8').split(line);
    if (parts.length !== 2)
      throw new Error(`${name}: core/${file} has its line ${parts.length - 1} times; valid: once`);
    writeFileSync(path, parts.join(becomes));
    const load = async (of: string) => import(pathToFileURL(join(folder, 'core', of)).href);
    return { core: { ...(await load('look/meter.ts')), ...(await load('step.ts')) } as Core, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** What kills a mutant: the first scenario in which a rule, or what is right in it, is broken; null if it survives. */
export async function killerOf(mutant: Mutant, seeds: number): Promise<string | null> {
  const { core, close } = await mutated(mutant);
  try {
    const own = NAMED[mutant.by];
    if (own === undefined) throw new Error(`${mutant.name}: no scenario ${mutant.by}; valid: a name in named.ts`);
    const others = seeds > 0 ? Object.entries(NAMED) : [];
    for (const [name, { scenario, expects }] of [[mutant.by, own] as const, ...others]) {
      const trace = drive(scenario, 1, core);
      for (const [rule, holds] of [['what is right in it', expects] as const, ...Object.entries(RULES)])
        if (holds(trace) !== null) return `"${rule}" in "${name}"`;
    }
    for (let seed = 1; seed <= seeds; seed++) {
      const trace = drive(drawScenario(seeded(seed), seed, 2), seed, core);
      for (const [rule, holds] of Object.entries(RULES)) if (holds(trace) !== null) return `"${rule}" in seed ${seed}`;
    }
    return null;
  } finally {
    close();
  }
}
