import { Command } from 'commander';
import { withDecisions, withUnit } from './options.ts';

export function statusCommand(): Command {
  return withDecisions(withUnit(new Command('status')))
    .description('is a soak running, at which rung, and how is the engine')
    .option('--json', 'one JSON object')
    .option('--utc', 'times in UTC (default: local time)')
    .addHelpText('after', '\nExamples:\n  soak status\n  soak status --json | jq .last_decision')
    .action(async (flags) => (await import('./status/show.ts')).showStatus(flags));
}
