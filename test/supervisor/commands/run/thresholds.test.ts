import { thresholdsSchema } from '@hybrid-soak/contract/policy.ts';
import { thresholdFlags } from '@hybrid-soak/supervisor/commands/run/thresholds.ts';
import t from 'tap';

const DEFAULTS = thresholdsSchema.parse({});

t.test('flags are over the configuration, and some may end the soak', async (t) => {
  const { thresholds, abort_on } = await thresholdFlags(['max_stalls=2', 'max_dropped=5,abort'], DEFAULTS);
  t.match(thresholds, { max_stalls: 2, max_dropped: 5, max_engine_exits: 0, min_coverage_percent: 99 });
  t.same(abort_on, ['max_dropped']);
  t.same(await thresholdFlags([], DEFAULTS), { thresholds: DEFAULTS });
});

t.test('a flag that cannot be is refused with what would be valid', async (t) => {
  for (const [text, said] of [
    ['max_stall=1', /--threshold max_stall=1: valid: KEY=VALUE with a KEY of max_stalls, /],
    ['max_stalls', /--threshold max_stalls: valid: KEY=VALUE/],
    ['max_stalls=', /--threshold max_stalls=: valid: max_stalls=NUMBER/],
    ['max_stalls=-1', /--threshold max_stalls=-1: valid: /],
    ['min_coverage_percent=101', /--threshold min_coverage_percent=101: valid: /],
    ['min_coverage_percent=98,abort', /valid: abort with max_stalls, /],
  ] as const)
    await t.rejects(thresholdFlags([text], DEFAULTS), { message: said }, text);
});
