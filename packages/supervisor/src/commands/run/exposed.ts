import type { Config } from '@hybrid-soak/contract/config.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import type { OpsPaths } from '../../adapters/ops-paths.ts';
import { Stop } from '../../stop.ts';
import type { Reporter } from '../../text/reporter.ts';
import { parseListen } from '../options.ts';
import type { MetricsFlags } from './metrics.ts';

/** Flags of `soak run` that let others look at it. */
export interface ExposedFlags extends MetricsFlags {
  /** `true`: at the configured address, or at a free port of its host if that one is taken. */
  dashboard?: string | true;
}

/** The run that is looked at. */
export interface Subject {
  runId: string;
  ops: OpsPaths;
  db: string;
  /** `[dashboard]` of the configuration. */
  dashboard: Config['dashboard'];
}

/** The reporter, with metrics and dashboard as far as they were asked for; their code is loaded only then. */
export async function exposed(reporter: Reporter, flags: ExposedFlags, subject: Subject): Promise<Reporter> {
  const wantsMetrics = flags.metricsListen !== undefined || flags.metricsTextfile !== undefined;
  const metered = wantsMetrics
    ? await (await import('./metrics.ts')).withMetrics(reporter, flags, subject.runId)
    : reporter;
  return flags.dashboard === undefined ? metered : withDashboard(metered, flags.dashboard, subject);
}

async function withDashboard(reporter: Reporter, asked: string | true, subject: Subject): Promise<Reporter> {
  const { serveLive } = await import('@hybrid-soak/report/live/server.ts');
  const { ops, db, dashboard } = subject;
  const { host, port } = asked === true ? dashboard : parseListen('--dashboard', asked);
  const serve = (port: number) =>
    serveLive({
      ...{ host, port, db, refreshMs: dashboard.refresh_seconds * 1000 },
      ...{ decisions: ops.decisions, samples: ops.samples },
    });
  const live = await serve(port)
    .catch((error: { code?: string }) => {
      if (asked === true && error.code === 'EADDRINUSE') return serve(0);
      throw error;
    })
    .catch((error: { code?: string; message: string }) => {
      const why = `--dashboard ${host}:${port}: ${error.code ?? error.message}; valid: a free address`;
      throw new Stop(SOAK_EXIT.CONFIG, why);
    });
  reporter.answer(`dashboard: ${live.url}`);
  return {
    ...reporter,
    end() {
      reporter.end();
      void live.close();
    },
  };
}
