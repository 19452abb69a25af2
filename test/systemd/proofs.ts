import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Proof, type ProofFile, proofFileSchema } from '@hybrid-soak/contract/proof.ts';
import { TOO_BUSY } from '@hybrid-soak/supervisor/proofs/ends.ts';
import { Host, UNIT, until } from './host.ts';

export const CONFIG = '# kept\n[engine]\ningest_mode = "synthetic"\ntick_interval_ms = 100\nsample_every = 1 # one\n';

/**
 * Each check that did not pass, a line with what was measured: what a failed assertion has to say. But for the figures of time and
 * rate that a busy host leaves open.
 */
export const notPassed = ({ proofs }: ProofFile): string[] =>
  proofs.flatMap(({ name, checks }) =>
    checks
      .filter(({ verdict, measured }) => verdict !== 'PASS' && !(verdict === 'BLOCKED' && measured.endsWith(TOO_BUSY)))
      .map(({ what, verdict, measured }) => `${name}: ${verdict}: ${what}: ${measured}`),
  );

/** A machine on which the unit runs, and what a test of proofs reads on it. */
export interface Proving {
  host: Host;
  /** What every proof restores. */
  found(): Promise<unknown>;
  /** The newest proof.json, checked against its schema. */
  newest(): ProofFile;
  proofOf(name: string): Proof;
}

export async function bootProving(): Promise<Proving> {
  const host = await Host.boot(CONFIG);
  // A unit that is said to stay down is watched for three times RestartSec.
  const dropIn = `/etc/systemd/system/${UNIT}.d`;
  await host.run('sh', '-c', `mkdir -p ${dropIn} && printf '[Service]\\nRestartSec=0.5\\n' > ${dropIn}/soon.conf`);
  await host.systemctl('daemon-reload');
  await host.systemctl('start', UNIT);
  await until('rows', () => host.rows() > 0);
  const digest = (file: string) =>
    createHash('sha256')
      .update(readFileSync(host.path(file)))
      .digest('hex');
  const newest = () => {
    const folder = host.path('data/ops/proofs');
    const name = readdirSync(folder).sort().at(-1) as string;
    const head = readFileSync(join(folder, name, 'proof.md'), 'utf8').split('\n', 1)[0] ?? '';
    if (!/^# Proofs of hybrid-engine\.service: /.test(head)) throw new Error(`proof.md begins with: ${head}`);
    return proofFileSchema.parse(JSON.parse(readFileSync(join(folder, name, 'proof.json'), 'utf8')));
  };
  return {
    host,
    newest,
    proofOf: (name) => newest().proofs.find((proof) => proof.name === name) as Proof,
    found: async () => ({
      config: digest('config/config.toml'),
      sources: digest('config/ws_sources.toml'),
      state: await host.show('ActiveState'),
      files: readdirSync(host.path('data')).sort(),
    }),
  };
}
