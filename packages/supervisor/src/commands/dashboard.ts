import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { serveLive } from '@hybrid-soak/report/live/server.ts';
import { Command } from 'commander';
import { databaseOf, findPlaces } from '../recovery/places.ts';
import { readConfig } from '../recovery/read-config.ts';
import { Stop } from '../stop.ts';
import { parseListen, withDecisions, withSamples, withUnit } from './options.ts';

interface Flags {
  listen?: string;
  unit?: string;
  config?: string;
  db?: string;
  decisions?: string;
  samples?: string;
  fleet?: boolean;
  server?: string[];
}

export function dashboardCommand(): Command {
  return withSamples(withDecisions(withUnit(new Command('dashboard'))))
    .description('a live page of the engine and of the soak; reads only, and only what is written anyway')
    .option('--listen <host:port>', 'where to serve it (default: [dashboard] host and port, 127.0.0.1:8502)')
    .option('--db <file>', "the engine's database (default: [app] db_path)")
    .option('--fleet', 'all hosts that ship to the servers of [fleet]; each opens its own run')
    .option('--server <host:port...>', 'with --fleet: instead of [fleet] servers')
    .addHelpText(
      'after',
      '\nExamples:\n  soak dashboard\n  soak dashboard --fleet\n  ssh -L 8502:127.0.0.1:8502 server   # then http://127.0.0.1:8502/ here\n\nIt has no password: leave it on the loopback address.',
    )
    .action(dashboard);
}

async function dashboard(flags: Flags): Promise<void> {
  if (flags.server !== undefined && !flags.fleet)
    throw new Stop(SOAK_EXIT.USAGE, `--server ${flags.server.join(' ')}: without --fleet; valid: --fleet --server`);
  const places = await findPlaces(flags);
  const { config } = await readConfig(places.config);
  const { host, port } = flags.listen === undefined ? config.dashboard : parseListen('--listen', flags.listen);
  const at = { host, port, refreshMs: config.dashboard.refresh_seconds * 1000 };
  const { decisions, samples } = places.ops;
  const page = flags.fleet
    ? fleetPage(places.config, flags.server, at)
    : serveLive({ ...at, decisions, samples, db: databaseOf(places, config.app.db_path) });
  const live = await page.catch((error: { code?: string; message: string }) => {
    if (error instanceof Stop) throw error;
    throw new Stop(SOAK_EXIT.CONFIG, `--listen ${host}:${port}: ${error.code ?? error.message}; valid: a free address`);
  });
  if (!/^(127\.|::1$|localhost$)/i.test(host))
    process.stderr.write(
      `${host} is not a loopback address: anyone who can reach it can read this page, without a password\n`,
    );
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => void live.close());
  process.stdout.write(`${live.url}\n`);
}

/** Loads what a host by itself has no use for. */
async function fleetPage(
  config: string,
  server: string[] | undefined,
  at: { host: string; port: number; refreshMs: number },
) {
  const { serveFleet } = await import('@hybrid-soak/fleet/page/serve.ts');
  try {
    return await serveFleet({ config, ...(server === undefined ? {} : { server }) }, at);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') throw error;
    const { exit = SOAK_EXIT.CONFIG, message } = error as { exit?: number; message: string };
    throw new Stop(exit, message);
  }
}
