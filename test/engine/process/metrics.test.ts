import { existsSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import parsePrometheus from 'parse-prometheus-text-format';
import t from 'tap';
import { eventually } from '../../eventually.ts';
import { count, engine, folder } from '../engine.ts';

type Families = { name: string; metrics: { value: string; labels?: Record<string, string> }[] }[];

const valueIn = (text: string, name: string): number =>
  Number(
    (parsePrometheus(text) as Families).find((family) => family.name === `hybrid_engine_${name}`)?.metrics[0]?.value,
  );

/** Asked for under that name, as by a browser whose DNS somebody else answers. */
const statusFor = (url: string, host: string): Promise<number | undefined> =>
  new Promise((resolve) => {
    get(url, { headers: { host } }, (response) => resolve(response.resume().statusCode));
  });

t.test('the engine serves its metrics and keeps a text file of them', async (t) => {
  const text = '[engine]\ntick_interval_ms = 5\n[metrics]\nlisten = "127.0.0.1:0"\ntextfile = "engine.prom"\n';
  const cwd = folder(t.testdir({}), [], text);
  const { child, ended, logged } = engine(cwd, 'run');
  const { listen } = (await logged('metrics are served')) as { listen: { port: number } };
  await eventually(() => count(cwd) > 10);
  const url = `http://127.0.0.1:${listen.port}`;
  // The main thread hears of a commit, and of the WAL after it, later than a reader sees its rows.
  const scraped = await eventually(async () => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return valueIn(text, 'wal_bytes') > 0 && valueIn(text, 'ticks_written_total') > 10 && text;
  });
  t.ok(valueIn(scraped, 'frames_received_total') > 10);
  t.equal(valueIn(scraped, 'connected'), 1);
  t.equal(valueIn(scraped, 'unaccounted'), 0);
  t.ok(valueIn(scraped, 'private_bytes') > 1e6);
  t.equal((await fetch(`${url}/other`)).status, 404);
  t.equal(await statusFor(`${url}/metrics`, 'evil.example'), 403, 'no page of another site reads it');
  const file = join(cwd, 'engine.prom');
  await eventually(() => existsSync(file));
  t.equal(valueIn(readFileSync(file, 'utf8'), 'sample_every'), 1);
  child.kill('SIGTERM');
  t.equal((await ended).code, 0);
});

t.test('a port that is taken and a folder that is missing are logged and end nothing', async (t) => {
  const first = engine(folder(t.testdir({}), [], '[metrics]\nlisten = "127.0.0.1:0"\n'), 'run');
  const { listen } = (await first.logged('metrics are served')) as { listen: { port: number } };
  const text = `[metrics]\nlisten = "127.0.0.1:${listen.port}"\ntextfile = "no/folder/engine.prom"\n`;
  const cwd = folder(join(t.testdirName, 'second'), [], text);
  const second = engine(cwd, 'run');
  t.match(await second.logged('metrics cannot be served now'), { err: { code: 'EADDRINUSE' } });
  t.match(await second.logged('metrics cannot be written now'), { err: { code: 'ENOENT' } });
  const third = engine(folder(join(t.testdirName, 'third'), [], '[metrics]\ntextfile = "."\n'), 'run');
  t.match(await third.logged('metrics cannot be written now'), { err: { message: /is not a file/ } });
  for (const { child, ended } of [first, second, third]) {
    child.kill('SIGTERM');
    t.equal((await ended).code, 0);
  }
});
