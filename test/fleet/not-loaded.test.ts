import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t from 'tap';

const ROOT = resolve(import.meta.dirname, '../..');

t.test('a host by itself loads nothing of a fleet', async (t) => {
  const config = 'run_seconds = 1\n[app]\ndb_path = "bot.db"\n[engine]\ningest_mode = "synthetic"\n';
  const folder = t.testdir({ 'config.toml': config, scripts: {} });
  /** Paths of all scripts that a program has loaded until its end, as V8 reports them. */
  const loaded = (program: string, ...args: string[]): string[] => {
    const scripts = join(folder, 'scripts', String(Math.random()));
    const own = { NODE_V8_COVERAGE: scripts, NODE_NO_WARNINGS: '1', XDG_STATE_HOME: folder };
    const env = { ...process.env, ...own };
    const main = join(ROOT, 'packages', program, 'src/main.ts');
    // tap's own hook comes with NODE_OPTIONS, and takes scripts out of the report.
    const node = ['-u', 'NODE_OPTIONS', '-u', 'NODE_COMPILE_CACHE', process.execPath];
    spawnSync('env', [...node, main, ...args], { cwd: folder, env, timeout: 300_000 });
    return readdirSync(scripts).flatMap((name) => {
      const text = readFileSync(join(scripts, name), 'utf8');
      try {
        return (JSON.parse(text) as { result: { url: string }[] }).result.map(({ url }) => url);
      } catch {
        return []; // A process that was killed as it wrote, such as a soak's engine on a busy machine, leaves nothing or a part.
      }
    });
  };
  const given = ['--config', 'config.toml'];
  const ofFleet = (urls: string[]) => urls.filter((url) => /@nats-io|packages\/fleet|hyparquet/.test(url));
  const programs: [string, ...string[]][] = [
    ['engine', 'run', ...given],
    ['supervisor', 'run', '-d', '2s', '--interval', '0.5s', '--manager', 'embedded', ...given],
    ['supervisor', 'dashboard', '--help'],
  ];
  for (const [program, ...args] of programs) {
    const urls = loaded(program, ...args);
    t.ok(
      urls.some((url) => url.includes(`packages/${program}`)),
      `${program} ${args[0]} ran`,
    );
    t.same(ofFleet(urls), []);
  }
  const asked = loaded('supervisor', 'dashboard', '--fleet', '--server', '127.0.0.1:1', ...given);
  t.ok(
    ofFleet(asked).some((url) => url.includes('@nats-io')),
    'only if it is asked for',
  );
});
