import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import type { SoakThresholds, thresholdsSchema } from '@hybrid-soak/contract/policy.ts';
import { Stop } from '../../stop.ts';

type Name = keyof SoakThresholds;
type Issue = NonNullable<ReturnType<typeof thresholdsSchema.safeParse>['error']>['issues'][number];
/** What one more event can miss for good; a share or a rate may still become good. */
const ABORTING: readonly Name[] = [
  'max_stalls',
  'max_engine_exits',
  'max_dropped',
  'max_restarts',
  'max_missing_trades',
  'max_memory_growth_mib_per_hour',
  'max_commit_latency_p99_ms',
];

/** For commander: gathers every use of the flag. */
export const gather = (text: string, before: readonly string[] = []): string[] => [...before, text];

/** `KEY=VALUE` over the configuration's thresholds, `KEY=VALUE,abort` also ends the soak once it is missed. */
export async function thresholdFlags(
  given: readonly string[],
  configured: SoakThresholds,
): Promise<{ thresholds: SoakThresholds; abort_on?: Name[] }> {
  if (given.length === 0) return { thresholds: configured };
  // The schemas are megabytes for as long as the soak runs.
  const { thresholdsSchema: schema } = await import('@hybrid-soak/contract/policy.ts');
  const names = Object.keys(schema.shape) as Name[];
  const values: Record<string, number> = {};
  const abort_on: Name[] = [];
  for (const text of given) {
    const [, key = '', value = '', abort] = /^([^=]*)=([^,]*)(,abort)?$/.exec(text) ?? [];
    const name = names.find((known) => known === key);
    if (name === undefined) throw wrong(text, `KEY=VALUE with a KEY of ${names.join(', ')}`);
    if (abort !== undefined && !ABORTING.includes(name)) throw wrong(text, `abort with ${ABORTING.join(', ')}`);
    if (value.trim() === '' || !Number.isFinite(Number(value))) throw wrong(text, `${name}=NUMBER`);
    values[name] = Number(value);
    if (abort !== undefined) abort_on.push(name);
  }
  const read = schema.safeParse({ ...configured, ...values });
  if (!read.success) {
    const [issue] = read.error.issues;
    const name = String(issue?.path[0]);
    throw wrong(`${name}=${values[name]}`, rangeOf(issue));
  }
  return { thresholds: read.data, ...(abort_on.length === 0 ? {} : { abort_on }) };
}

/** What the schema allows, where a number is not that. */
function rangeOf(issue: Issue | undefined): string {
  if (issue?.code === 'too_small') return `a number from ${issue.minimum}`;
  if (issue?.code === 'too_big') return `a number up to ${issue.maximum}`;
  return 'a whole number';
}

const wrong = (text: string, valid: string) => new Stop(SOAK_EXIT.USAGE, `--threshold ${text}: valid: ${valid}`);
