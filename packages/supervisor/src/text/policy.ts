import { policySchema } from '@hybrid-soak/contract/policy.ts';
import type { SoakOptions } from '../core/options.ts';
import { formatDuration } from './duration.ts';
import { table } from './outline.ts';

/** What a soak would do, for people: its options, then every key of `[soak.policy]` with value, default and meaning. */
export function policyText(options: Omit<SoakOptions, 'manager' | 'was_running'>): string {
  const { parameters, thresholds } = options;
  const defaults = policySchema.parse({});
  const rows = Object.entries(policySchema.shape).map(([key, schema]) => {
    const name = key as keyof typeof defaults;
    const changed = parameters[name] !== defaults[name];
    return [key, `${parameters[name]}${changed ? ' *' : ''}`, String(defaults[name]), schema.description ?? ''];
  });
  const asked = Object.entries(thresholds).map(([key, value]) => `${key} = ${value}`);
  const found = options.original_sample_every;
  const about = [
    ['policy', options.policy],
    ['psi-actions', options.psi_actions],
    ['duration', `${formatDuration(options.duration_s)}, an observation every ${options.interval_s} s`],
    ['engine', `${options.unit}, ingest mode ${options.ingest_mode}`],
    ['sample_every', found === null ? 'not in the config: 1' : String(found)],
    ['a rung by', options.apply],
    ['thresholds', asked.length === 0 ? 'none' : asked.join(', ')],
  ];
  return `${table(about)}\n${table([['[soak.policy]', 'value', 'default', 'meaning'], ...rows])}* other than the default\n`;
}
