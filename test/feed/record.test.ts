import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordFrames } from '@hybrid-soak/feed/record.ts';
import t from 'tap';
import { scripted, until } from '../engine/feeds/scripted-server.ts';
import { feed, recordedIn } from './feed.ts';

const quiet = () => {};
const rulesOf = (url: string, out: string) => ({ url, out, source: 's', subscribe: [], maxBytes: 1e9, keep: 3 });

t.test('each frame is a line with its receive time, source and URL; SIGTERM and --duration end it', async (t) => {
  const { url } = await scripted(t, (socket) => {
    for (const text of ['{"n":1}', 'garbage "\n', '{"n":3}']) socket.send(text);
  });
  const out = join(t.testdir({}), 'frames.jsonl');
  const before = Date.now();
  const { child, ended } = feed(
    'record',
    '--url',
    `${url.replace('://', '://me:hidden@')}ws/x?symbol=a&key=hidden`,
    '--out',
    out,
    '--source',
    'mine',
  );
  await until(() => existsSync(out) && recordedIn(readFileSync(out, 'utf8')).length === 3);
  child.kill('SIGTERM');
  t.match(await ended, {
    code: 0,
    stdout: `${JSON.stringify({ file: out, frames: 3 })}\n`,
    stderr: /^connected to [^\n]*\/ws\/x\?\*\*\*\n$/,
  });
  t.notMatch(readFileSync(out, 'utf8'), 'hidden');
  const lines = recordedIn(readFileSync(out, 'utf8'));
  t.same(
    lines.map(({ raw }) => raw),
    ['{"n":1}', 'garbage "\n', '{"n":3}'],
  );
  for (const line of lines) {
    t.same(Object.keys(line), ['received_ms', 'source', 'url', 'raw']);
    t.match(line, { source: 'mine', url: `${url}ws/x?symbol=a` });
    t.ok(line.received_ms >= before && line.received_ms <= Date.now());
  }
  const timed = await feed('record', '--url', url, '--out', join(t.testdirName, 'b.jsonl'), '--duration', '1s').ended;
  t.match(timed, { code: 0, stdout: /"frames":\d/ }, 'however many came in that time');
});

t.test('an existing file is appended to after its torn last line is removed', async (t) => {
  const { url } = await scripted(t, (socket) => socket.send('next'));
  const out = join(t.testdir({}), 'frames.jsonl');
  const whole = `${JSON.stringify({ received_ms: 1, source: 's', url, raw: 'x'.repeat(100_000) })}\n`;
  for (const torn of ['', '{"received_ms":2,"so', 'y'.repeat(70_000)]) {
    writeFileSync(out, whole + torn);
    const said: string[] = [];
    const recording = recordFrames(rulesOf(url, out), (text) => said.push(text));
    await until(() => recording.frames() === 1);
    recording.stop();
    await recording.ended;
    t.same(
      recordedIn(readFileSync(out, 'utf8')).map(({ raw }) => raw.length),
      [100_000, 4],
    );
    t.equal(
      said.some((text) => text.includes(`cut off (${torn.length} bytes)`)),
      torn !== '',
    );
  }
  writeFileSync(out, 'no end at all');
  const recording = recordFrames(rulesOf(url, out), quiet);
  recording.stop();
  await recording.ended;
  t.equal(readFileSync(out, 'utf8'), '');
});

t.test('a file that would be too long becomes FILE.1; the oldest is removed', async (t) => {
  const { url } = await scripted(t, (socket) => {
    for (let n = 0; n < 100; n++) socket.send(String(n));
  });
  const dir = t.testdir({});
  const recording = recordFrames({ ...rulesOf(url, join(dir, 'f')), maxBytes: 500, keep: 2 }, quiet);
  await until(() => recording.frames() === 100);
  recording.stop();
  await recording.ended;
  t.same(readdirSync(dir).sort(), ['f', 'f.1', 'f.2']);
  for (const name of readdirSync(dir)) t.ok(statSync(join(dir, name)).size <= 500, name);
  const kept = ['f.2', 'f.1', 'f'].flatMap((name) => recordedIn(readFileSync(join(dir, name), 'utf8')));
  t.same(
    kept.map(({ raw }) => Number(raw)),
    kept.map((_, at) => 100 - kept.length + at),
  );
});

t.test('a closed connection is reopened and subscribed again', async (t) => {
  const asked: string[] = [];
  const { url, connections } = await scripted(t, (socket, n) => {
    socket.on('message', (data) => {
      asked.push(String(data));
      socket.send(`frame ${n}`);
      if (n < 2) socket.close(1001);
    });
  });
  const out = join(t.testdir({}), 'frames.jsonl');
  const recording = recordFrames({ ...rulesOf(url, out), subscribe: ['please'] }, quiet);
  await until(() => recording.frames() === 3);
  recording.stop();
  await recording.ended;
  t.equal(connections(), 3);
  t.same(asked, ['please', 'please', 'please']);
  t.same(
    recordedIn(readFileSync(out, 'utf8')).map(({ raw }) => raw),
    ['frame 0', 'frame 1', 'frame 2'],
  );
});

t.test('a folder as the file, a missing URL and a wrong duration are usage errors', async (t) => {
  const dir = t.testdir({});
  t.match(await feed('record', '--url', 'ws://127.0.0.1:9/', '--out', dir).ended, { code: 1, stderr: /EISDIR/ });
  const out = join(dir, 'f');
  t.match(await feed('record', '--url', 'http://x', '--out', out).ended, { code: 2, stderr: /--url .*valid: a ws/ });
  const long = await feed('record', '--url', 'ws://x', '--out', out, '--duration', 'long').ended;
  t.match(long, { code: 2, stderr: /--duration long: valid: 45s/ });
});
