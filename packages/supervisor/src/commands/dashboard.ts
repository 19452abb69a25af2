import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { serveLive } from '@hybrid-soak/report/live/server.ts';
import { Command } from 'commander';
import { databaseOf, findPlaces } from '../recovery/places.ts';
import { Stop } from '../stop.ts';
import { parseListen, readConfig, withDecisions, withSamples, withUnit } from './options.ts';

interface Flags {
  listen?: string;
  unit?: string;
  config?: string;
  db?: string;
  decisions?: string;
  samples?: string;
}

export function dashboardCommand(): Command {
  return withSamples(withDecisions(withUnit(new Command('dashboard'))))
    .description('a live page of the engine and of the soak; reads only, and only what is written anyway')
    .option('--listen <host:port>', 'where to serve it (default: [dashboard] host and port, 127.0.0.1:8502)')
    .option('--db <file>', "the engine's database (default: [app] db_path)")
    .addHelpText(
      'after',
      '\nExamples:\n  soak dashboard\n  ssh -L 8502:127.0.0.1:8502 server   # then http://127.0.0.1:8502/ here\n\nThere is not a password: leave it on the loopback address.',
    )
    .action(dashboard);
}

async function dashboard(flags: Flags): Promise<void> {
  const places = await findPlaces(flags);
  const { config } = readConfig(places.config);
  const { host, port } = flags.listen === undefined ? config.dashboard : parseListen('--listen', flags.listen);
  const live = await serveLive({
    host,
    port,
    refreshMs: config.dashboard.refresh_seconds * 1000,
    decisions: places.ops.decisions,
    samples: places.ops.samples,
    db: databaseOf(places, config.app.db_path),
  }).catch((error: { code?: string; message: string }) => {
    throw new Stop(SOAK_EXIT.CONFIG, `--listen ${host}:${port}: ${error.code ?? error.message}; valid: a free address`);
  });
  if (!/^(127\.|::1$|localhost$)/i.test(host))
    process.stderr.write(
      `${host} is not a loopback address: anyone who can reach it can read this page, without a password\n`,
    );
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => void live.close());
  process.stdout.write(`${live.url}\n`);
}
