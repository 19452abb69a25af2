import { accessSync, constants, mkdirSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { stampMs } from '@hybrid-soak/contract/stamp.ts';
import { refusal } from '@hybrid-soak/report/live/refusal.ts';
import { type Exposed, exposition } from '@hybrid-soak/report/metrics/exposition.ts';
import { isRoot } from '../../adapters/drop-root.ts';
import { replaceFile } from '../../adapters/replace-file.ts';
import { writableFile } from '../../adapters/writable.ts';
import { Stop } from '../../stop.ts';
import type { Reporter } from '../../text/reporter.ts';
import { parseListen } from '../options.ts';

export interface MetricsFlags {
  metricsListen?: string;
  metricsTextfile?: string;
}

/**
 * The reporter, with every observation exposed to Prometheus besides: over HTTP, and as a file for node_exporter, which is
 * removed when the process ends, so that nobody takes an old number for a new one.
 */
export async function withMetrics(reporter: Reporter, flags: MetricsFlags, runId: string): Promise<Reporter> {
  const { metricsListen, metricsTextfile } = flags;
  // Found out now rather than by a gap in somebody's graphs.
  if (metricsTextfile !== undefined) refuseFolder(metricsTextfile);
  const decisions: Record<string, number> = {};
  const decided = new Map<string, Exposed['decided'][number]>();
  let observations = 0;
  let exposed: Exposed | null = null;
  if (metricsListen !== undefined) {
    const url = await serve(metricsListen, () => exposed);
    reporter.note(`metrics on ${url}`);
  }
  const write = metricsTextfile === undefined ? () => {} : textfile(resolve(metricsTextfile), reporter.note);
  return {
    ...reporter,
    decision(record) {
      const { action, state: rung } = record;
      decisions[action] = (decisions[action] ?? 0) + 1;
      decided.set(`${action} ${rung}`, { action, rung, at_s: stampMs(record.timestamp) / 1000 });
      reporter.decision(record);
    },
    observation(observation, verdict) {
      observations++;
      const { rung, sample_every, pressure, parts, limit, stalled_s } = verdict;
      exposed = {
        ...{ run_id: runId, observations, decisions, decided: [...decided.values()], observation },
        ...{ rung, sample_every, pressure, parts, limit, stalled_s },
      };
      write(exposed);
      reporter.observation(observation, verdict);
    },
  };
}

/** The file is replaced at each look, so its folder counts; root has become the supervisor's account by now. */
function refuseFolder(file: string): void {
  const path = resolve(file);
  const user = userInfo().username;
  try {
    accessSync(dirname(path), constants.W_OK | constants.X_OK);
  } catch (error) {
    const why = `its folder is not writable to ${user}, and the file is replaced there at each look`;
    if (errorCode(error) === 'EACCES' && !isRoot())
      throw new Stop(SOAK_EXIT.CONFIG, `--metrics-textfile ${path}: ${why}; valid: a folder that ${user} may write`);
  }
  writableFile('--metrics-textfile', file);
}

/** Serves `/metrics`; never keeps the process alive. Returns its address. */
async function serve(listen: string, exposed: () => Exposed | null): Promise<string> {
  const { host, port } = parseListen('--metrics-listen', listen);
  // Its import as a module reads every export, among them getters that load undici: 80 ms of each start.
  const { createServer } = process.getBuiltinModule('node:http');
  const server = createServer(async (request, response) => {
    const now = exposed();
    const refused = refusal(request, host);
    if (refused !== null) response.writeHead(refused.status, refused.headers).end(`${refused.why}\n`);
    else if (request.url?.split('?')[0] !== '/metrics') response.writeHead(404).end('valid: /metrics\n');
    else if (now === null) response.writeHead(503).end('no observation yet\n');
    else {
      const text = await exposition(now);
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
      response.end(request.method === 'HEAD' ? undefined : text);
    }
  });
  await listening(server, host, port);
  server.unref();
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return `http://${host.includes(':') ? `[${host}]` : host}:${bound}/metrics`;
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((done, reject) => {
    server.once('error', ({ code }: { code?: string }) => {
      const valid = 'valid: a free HOST:PORT';
      reject(new Stop(SOAK_EXIT.CONFIG, `--metrics-listen ${host}:${port}: ${code ?? 'cannot listen'}; ${valid}`));
    });
    server.listen(port, host, done);
  });
}

/** One writing at a time; an observation that comes meanwhile is overtaken by the next. A failure is logged once. */
function textfile(path: string, note: (text: string) => void): (exposed: Exposed) => void {
  let writing = false;
  let ended = false;
  let told = false;
  mkdirSync(dirname(path), { recursive: true });
  process.on('exit', () => {
    ended = true;
    rmSync(path, { force: true });
  });
  return (exposed) => {
    if (writing) return;
    writing = true;
    exposition(exposed)
      .then((text) => {
        // Readable by node_exporter's own user, whatever the umask here.
        if (!ended) replaceFile(path, text, { mode: 0o644, durable: false });
      })
      .catch((error: Error) => {
        if (!told) note(`--metrics-textfile: ${error.message}`);
        told = true;
      })
      .finally(() => {
        writing = false;
      });
  };
}
