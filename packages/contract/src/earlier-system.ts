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
  '--stall-threshold-seconds': '--stall-threshold 45s',
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

/** `run`: the flags that only the command `run` has and that are looked for elsewhere too. */
const FLAGS: Record<string, { instead: Record<string, string>; run: readonly string[] }> = {
  soak: {
    instead: SOAK_FLAGS,
    run: ['--seconds', '--duration', '--mode', '--db', '--psi-actions', '--stall-threshold', '--interval'],
  },
  'hybrid-engine': { instead: ENGINE_FLAGS, run: ['--mode', '--recover'] },
};

/** What to use instead of an unknown flag of that message; undefined if it is none of theirs. `taken`: the command's own flags. */
export function insteadOf(program: string, message: string, taken: readonly string[]): string | undefined {
  const written = /unknown option '(--[\w-]+)/.exec(message)?.[1] ?? '';
  const flag = written.toLowerCase().replaceAll('_', '-');
  const { instead, run } = FLAGS[program] ?? { instead: {}, run: [] };
  const right = Object.hasOwn(instead, flag) ? instead[flag] : run.includes(flag) ? flag : undefined;
  const name = right?.split(' ')[0] ?? '';
  if (!run.includes(name) || taken.includes(name)) return right;
  if (name === '--db' && taken.includes('--config')) return '--config, whose [app] db_path is the database';
  return `\`${program} run ${right}\``;
}
