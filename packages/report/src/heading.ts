import { printable } from '@hybrid-soak/contract/printable.ts';
import { stampMs } from '@hybrid-soak/contract/stamp.ts';
import type { ShownDecision } from './read-log.ts';
import { dayText, type Zone } from './stamp.ts';

/** `── 2026-11-26 +01:00  run 5f0e1a2b  realws, adaptive, psi on`: above the first record of a run, and of a day. */
export function headingOf({ timestamp, run_id, ingest_mode, policy, psi_actions }: ShownDecision, zone: Zone): string {
  const how = [ingest_mode, policy, typeof psi_actions === 'string' ? `psi ${psi_actions}` : undefined];
  const told = how.filter((part): part is string => typeof part === 'string').join(', ');
  return printable(`── ${dayText(stampMs(timestamp), zone)}  run ${run_id.slice(0, 8) || 'unknown'}  ${told}`);
}
