import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { eventually } from '../eventually.ts';
import { namespace, noNamespace } from '../namespace.ts';
import { count, engineIn, folder, logLines } from './engine.ts';
import { BACK_WITHIN_MS, beats, exchange, RULES, state } from './exchange.ts';

/** A namespace that knows the exchange by name, by files of its own; beyond them is a name server that says nothing. */
async function named(t: Test, n: number) {
  const made = namespace(t, n);
  const silent = createSocket('udp4').bind(53, made.host);
  await once(silent, 'listening');
  t.teardown(() => silent.close());
  mkdirSync(made.files, { recursive: true });
  const hosts = (text: string) => writeFileSync(join(made.files, 'hosts'), text);
  writeFileSync(join(made.files, 'resolv.conf'), `nameserver ${made.host}\noptions timeout:1 attempts:1\n`);
  hosts(`${made.host} exchange.test\n`);
  return { ...made, hosts };
}

// A peer behind a dead link answers no ping. A name is asked for often enough to be seen not to resolve.
const PINGS = `${RULES}ping_interval_ms = 1000\npong_timeout_ms = 2000\n`;
const OFTEN = RULES.replace('backoff_base_ms = 600000', 'backoff_base_ms = 200');

for (const [n, what] of (['interface', 'DNS'] as const).entries())
  t.test(
    `the ${what} gone and back: disconnected, heartbeat fresh, rows soon after`,
    { skip: noNamespace() },
    async (t) => {
      const { name, host, hosts, innerLink: link } = await named(t, n);
      const { be, port } = await exchange(t, host);
      const place = what === 'DNS' ? 'exchange.test' : host;
      const cwd = folder(t.testdir({}), [`ws://${place}:${port}/ws/btcusdt@trade`], what === 'DNS' ? OFTEN : PINGS);
      const { child, ended, logged } = engineIn(name, cwd, 'run');
      await eventually(() => count(cwd) > 10);
      if (what === 'interface') link('down');
      else {
        hosts('');
        await be('gone');
        await be('here');
      }
      await eventually(() => state(cwd)?.state === 'disconnected');
      await beats(cwd);
      await beats(cwd);
      if (what === 'DNS') await logged('source lost', /ENOTFOUND|EAI_AGAIN/);
      t.equal(state(cwd)?.state, 'disconnected');
      const before = count(cwd);
      const backAt = performance.now();
      if (what === 'interface') link('up');
      else hosts(`${host} exchange.test\n`);
      await eventually(() => count(cwd) > before);
      t.ok(performance.now() - backAt < BACK_WITHIN_MS, `after ${Math.round(performance.now() - backAt)} ms`);
      child.kill('SIGTERM');
      const { code, stdout } = await ended;
      t.equal(code, 0);
      const lost = logLines(stdout).filter(({ msg }) => msg === 'source lost' || msg === 'probe ended');
      t.ok(
        lost.every(({ why }) => typeof why === 'string' && why !== ''),
        'each loss has its reason',
      );
    },
  );
