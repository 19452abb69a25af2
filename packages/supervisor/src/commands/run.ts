import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import type { Config } from '@hybrid-soak/contract/config.ts';
import { readSampleEvery } from '@hybrid-soak/contract/config-edit.ts';
import { ENGINE_UNIT } from '@hybrid-soak/contract/engine-unit.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import {
  INGEST_MODES,
  type IngestMode,
  ingestMode,
  POLICIES,
  type PolicyName,
  PSI_ACTIONS,
  type PsiActions,
} from '@hybrid-soak/contract/modes.ts';
import { printableLines } from '@hybrid-soak/contract/printable.ts';
import { Command, Option } from 'commander';
import { callerFile } from '../adapters/caller-file.ts';
import { monotonicMs } from '../adapters/clock.ts';
import { ROOT } from '../adapters/root.ts';
import { keepHeapSmall } from '../adapters/small-heap.ts';
import { writableFile } from '../adapters/writable.ts';
import { refuseUnfit } from '../inspect/gate.ts';
import { checkDatabase, refuseBlindness, refuseMode } from '../inspect/preconditions.ts';
import { databaseOf, placesOf } from '../recovery/places.ts';
import { readConfig } from '../recovery/read-config.ts';
import { type Plan, soak } from '../run/soak.ts';
import { terminalReporter } from '../text/terminal.ts';
import { watch } from '../text/watch.ts';
import { type Chosen, chooseOrStop, type ManagerChoice } from '../unit/choose.ts';
import { seconds, withDecisions, withManager, withSamples, withUnit } from './options.ts';
import { conclude } from './run/conclude.ts';
import { type ExposedFlags, exposed } from './run/exposed.ts';
import { gather, thresholdFlags } from './run/thresholds.ts';

/** The flags as commander gives them. */
interface RunFlags extends ExposedFlags {
  duration?: string;
  seconds?: string;
  config?: string;
  sources?: string;
  unit?: string;
  db?: string;
  mode?: IngestMode;
  policy: PolicyName;
  psiActions: PsiActions;
  stallThreshold?: string;
  interval?: string;
  decisions?: string;
  samples?: string;
  manager: ManagerChoice;
  calibrate?: string;
  leave: 'as-found' | 'running' | 'stopped';
  dryRun?: boolean;
  quiet?: boolean;
  utc?: boolean;
  json?: boolean;
  report?: string | true;
  threshold?: string[];
  junit?: string;
}

/** Takes the earlier system's spelling too. */
function modeOption(): Option {
  const option = new Option('--mode <mode>', 'ingest mode of a user or embedded unit').choices(INGEST_MODES);
  const { parseArg } = option;
  return option.argParser((text, before) => parseArg?.(ingestMode(text) ?? text, before));
}

export function runCommand(): Command {
  return withManager(withSamples(withDecisions(withUnit(new Command('run')))))
    .description(
      'watch the engine and the host for a while, throttle and restart as the policy says, restore everything',
    )
    .option('-d, --duration <time>', 'how long: 45s, 90m, 2h or plain seconds (default: 2h)')
    .addOption(new Option('--seconds <n>', 'the same in seconds').conflicts('duration'))
    .option('--sources <file>', 'ws_sources.toml for a user or embedded unit')
    .option('--db <file>', "the engine's database (default: [app] db_path)")
    .addOption(modeOption())
    .addOption(new Option('--policy <name>', 'how pressure is judged').choices(POLICIES).default('adaptive'))
    .addOption(new Option('--psi-actions <what>', 'act, only log, or do not look').choices(PSI_ACTIONS).default('on'))
    .option('--stall-threshold <time>', 'without a new row (default: [soak.policy] stall_threshold_s)')
    .option('--interval <time>', 'between two observations (default: 5s, or a tenth of --duration if that is less)')
    .option('--calibrate <time>', 'how long the host is measured before the first start; 0 not at all')
    .addOption(
      new Option('--leave <how>', 'the unit at the end')
        .choices(['as-found', 'running', 'stopped'])
        .default('as-found'),
    )
    .option('--dry-run', 'print the effective policy and exit; with --json as one object')
    .option('--metrics-listen <host:port>', 'serve /metrics for Prometheus')
    .option(
      '--metrics-textfile <file>',
      "the same for node_exporter's textfile collector, which reads *.prom; removed at the end",
    )
    .option('--dashboard [host:port]', 'serve the live page while it runs (default: [dashboard] host and port)')
    .option('--threshold <key=value>', 'over [soak.thresholds]; KEY=VALUE,abort also ends the soak', gather)
    .option('--junit <file>', 'write the verdict, thresholds and slopes as JUnit XML')
    .option('--report [file]', 'write the report at the end (default: report.html)')
    .option('--utc', 'times in UTC (default: local time)')
    .option('-q, --quiet', 'no progress on stderr')
    .option('--json', 'the summary as one JSON object on stdout')
    .addHelpText(
      'after',
      '\nExamples:\n  soak run --duration 2h\n  soak run -d 10m --policy classic --psi-actions logonly\n\nExit codes: 0 PASS, 2 usage, 12 configuration, 20 FAIL, 21 threshold missed, 22 INCONCLUSIVE, 130/143 interrupted.',
    )
    .action(async (flags: RunFlags) => {
      process.exitCode = await runSoak(flags);
    });
}

async function runSoak(flags: RunFlags): Promise<number> {
  const extra = [
    ...(flags.mode ? ['--mode', flags.mode] : []),
    ...(flags.sources ? ['--sources', resolve(flags.sources)] : []),
  ];
  const chosen = await chooseOrStop(flags.manager, flags.unit ?? ENGINE_UNIT, extra.length === 0);
  const places = placesOf(flags, chosen.facts);
  const { text, config } = await readConfig(places.config);
  const asked = await askedFor(flags, chosen, text, config);
  if (flags.dryRun) {
    const json = () => `${JSON.stringify({ ...asked, run_id: undefined }, null, 2)}\n`;
    const text = async () => (await import('../text/policy.ts')).policyText(asked);
    process.stdout.write(printableLines(flags.json ? json() : await text()));
    return SOAK_EXIT.PASS;
  }
  const wish = { installed: chosen.facts !== null, path: places.config, base: places.base };
  const plan: Plan = {
    asked,
    chosen,
    config: places.config,
    db: databaseOf(places, config.app.db_path),
    ops: places.ops,
    extra,
    metricsTextfile: flags.metricsTextfile === undefined ? null : resolve(flags.metricsTextfile),
    async read() {
      const now = await readConfig(places.config);
      await refuseMode({ ...wish, config: now.config, mode: flags.mode, sources: flags.sources });
      return now.text;
    },
  };
  const out = reportFile(flags.report);
  await refuseUnable(plan, out, flags.junit);
  const { window_s, max_restarts_per_hour: restart_budget, stall_threshold_s } = asked.parameters;
  const watched = watch({ duration_s: asked.duration_s, window_s, restart_budget, stall_threshold_s });
  const zone = { utc: flags.utc === true };
  const terminal = await terminalReporter(watched, flags.quiet === true, monotonicMs, zone);
  const reporter = await exposed(terminal, flags, {
    runId: asked.run_id,
    ops: plan.ops,
    db: plan.db,
    dashboard: config.dashboard,
  });
  keepHeapSmall();
  const { ending, summary } = await soak(plan, reporter).finally(reporter.end);
  await conclude(plan, flags, summary, out, reporter.note);
  return ending.exit_code;
}

/** Absolute, unless it was opened for the caller by that name. */
function reportFile(report: RunFlags['report']): string | undefined {
  if (report === undefined) return undefined;
  const file = report === true ? 'report.html' : report;
  return callerFile(file) === null ? resolve(file) : file;
}

/** Refuses what could not be measured or written, before anything is changed. */
async function refuseUnable(plan: Plan, out: string | undefined, junit: string | undefined): Promise<void> {
  refuseBlindness(plan.asked.psi_actions);
  checkDatabase(plan.db);
  writableFile('--decisions', plan.ops.decisions);
  writableFile('--samples', plan.ops.samples);
  if (plan.chosen.name === 'embedded') writableFile("the engine's log", plan.ops.engineLog);
  await plan.read();
  const { chosen, config, db, ops, asked } = plan;
  // Any other unit is this soak's own, made from the unit file that is shipped.
  if (chosen.facts !== null)
    await refuseUnfit({
      unit: chosen.unit,
      scope: chosen.facts.scope,
      config,
      db,
      ops: ops.folder,
      root: ROOT,
      self: asked.run_id,
    });
  if (out !== undefined && callerFile(out) === null) writableFile('--report', out);
  if (junit !== undefined && callerFile(junit) === null) writableFile('--junit', junit);
}

/** The flags over the configuration. */
async function askedFor(flags: RunFlags, chosen: Chosen, text: string, config: Config): Promise<Plan['asked']> {
  const parameters = config.soak.policy;
  if (flags.stallThreshold !== undefined)
    parameters.stall_threshold_s = seconds('--stall-threshold', flags.stallThreshold, 1, 3600);
  if (flags.calibrate !== undefined) parameters.calibrate_s = seconds('--calibrate', flags.calibrate, 0, 600);
  const duration_s = flags.seconds
    ? seconds('--seconds', flags.seconds, 1)
    : seconds('--duration', flags.duration ?? '2h', 1);
  return {
    run_id: randomUUID(),
    ingest_mode: flags.mode ?? config.engine.ingest_mode,
    psi_actions: flags.psiActions,
    policy: flags.policy,
    parameters,
    ...(await thresholdFlags(flags.threshold ?? [], config.soak.thresholds)),
    retain_days: config.storage.retain_days,
    duration_s,
    interval_s:
      flags.interval === undefined ? Math.min(5, duration_s / 10) : seconds('--interval', flags.interval, 0.1, 3600),
    apply: config.soak.apply,
    leave: flags.leave,
    original_sample_every: readSampleEvery(text),
    unit: chosen.unit,
  };
}
