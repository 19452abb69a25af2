import type { Config } from './config.ts';

/** What the earlier system's users bring along: keys, and flags that are near ours. Its modes are in `modes.ts`. */

const WITHOUT_EFFECT = ['tick_channel_size', 'signal_channel_size', 'persist_channel_size', 'market_capacity'] as const;

/** What is accepted and has no effect, a line each. */
export function configWarnings({ channels }: Config): string[] {
  return WITHOUT_EFFECT.filter((key) => channels[key] !== undefined).map(
    (key) => `channels.${key}: accepted, but has no effect; valid: channels.ticks, the rows that may wait for the disk`,
  );
}

/** A setting that may be in `[engine]`, `[app]` or at the top, in this order; undefined if it is in none. */
export const earlierSetting = (config: Config, key: 'run_seconds' | 'heartbeat_interval_secs'): number | undefined =>
  config.engine[key] ?? config.app[key] ?? config[key];

/** Our flag for one that the earlier system or another of our commands has. */
const SOAK_FLAGS: Record<string, string> = {
  '--stall-threshold-sec': '--stall-threshold 45s',
  '--stall-threshold-secs': '--stall-threshold 45s',
  '--run-seconds': '--duration 2h',
  '--interval-sec': '--interval 5s',
  '--psi-action': '--psi-actions on|logonly|off',
  '--ingest-mode': '--mode',
  '--db-path': '--db',
  '--sample-every': 'the key [engine] sample_every',
};
const ENGINE_FLAGS: Record<string, string> = {
  '--seconds': 'the key [engine] run_seconds, or `soak run --seconds`',
  '--run-seconds': 'the key [engine] run_seconds',
  '--duration': 'the key [engine] run_seconds, or `soak run --duration`',
  '--db': 'the key [app] db_path',
  '--db-path': 'the key [app] db_path',
  '--ingest-mode': '--mode',
  '--sample-every': 'the key [engine] sample_every',
  '--stall-threshold-sec': '`soak run --stall-threshold`',
  '--stall-threshold': '`soak run --stall-threshold`',
  '--psi-actions': '`soak run --psi-actions`',
};

const FLAGS: Record<string, Record<string, string>> = { soak: SOAK_FLAGS, 'hybrid-engine': ENGINE_FLAGS };

/** What to use instead of an unknown flag of that message; undefined if it is none of theirs. */
export function insteadOf(program: string, message: string): string | undefined {
  const flag = /unknown option '(--[a-z-]+)/.exec(message)?.[1] ?? '';
  const known = FLAGS[program] ?? {};
  return Object.hasOwn(known, flag) ? known[flag] : undefined;
}
