import { spawn } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { MIGRATIONS } from '@hybrid-soak/contract/schema.ts';
import { serveLive } from '@hybrid-soak/report/live/server.ts';
import Database from 'better-sqlite3';
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { eventually } from '../eventually.ts';
import { SOAK } from '../programs.ts';
import { launch, open, seriousFindings, whyNoBrowser } from './browser.ts';
import { DECISIONS, decisionAt, EVIL, HEADER, observationAt, runFiles } from './fixture.ts';

type Answer = { status: number; headers: Record<string, unknown>; body: string };

/** One request as no browser would send it: any method, any Host. */
const ask = (url: string, options: { method?: string; path?: string; host?: string } = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { method = 'GET', path = '/', host } = options;
    const asked = request(new URL(path, url), { method, headers: host === undefined ? {} : { host } }, (response) => {
      let body = '';
      response.on('data', (data) => {
        body += data;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    asked.on('error', reject).end();
  });

async function live(t: { teardown(close: () => unknown): unknown }, cwd: string, over: { host?: string } = {}) {
  const server = await serveLive({
    host: '127.0.0.1',
    port: 0,
    refreshMs: 50,
    decisions: join(cwd, 'soak_decisions.jsonl'),
    samples: join(cwd, 'soak_samples.jsonl'),
    db: join(cwd, 'bot.db'),
    ...over,
  });
  t.teardown(() => server.close());
  return server;
}

function database(cwd: string): Database.Database {
  const db = new Database(join(cwd, 'bot.db'));
  db.pragma('journal_mode = WAL');
  db.exec(Object.values(MIGRATIONS).join(''));
  db.exec(
    `INSERT INTO engine_status (id, pid, invocation_id, started_ms, last_flush_ms, frames_received, ticks_written, drops, connection, sample_every, counters) VALUES (1, 77, NULL, 0, ${Date.now()}, 500, 400, 2, 'connected to demo', 1, '{}')`,
  );
  tick(db, 'BTCUSD', 101.5);
  return db;
}

const tick = (db: Database.Database, symbol: string, price: number) =>
  db.prepare('INSERT INTO ticks (symbol, price, volume, ts) VALUES (?, ?, 1, ?)').run(symbol, price, Date.now());

t.test('it answers only requests for its own host names, only GET and HEAD, and only known paths', async (t) => {
  const { url } = await live(t, t.testdir({}));
  const { port } = new URL(url);
  for (const host of [`127.0.0.1:${port}`, 'localhost', `localhost:9999`, '[::1]:8502'])
    t.equal((await ask(url, { host })).status, 200, host);
  for (const host of ['evil.example', `127.0.0.1.evil.example:${port}`, 'localhost.', '10.0.0.1'])
    t.equal((await ask(url, { host })).status, 403, host);
  t.equal((await ask(url, { host: 'evil.example', path: '/events' })).status, 403);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])
    t.match(await ask(url, { method }), { status: 405, headers: { allow: 'GET, HEAD' } }, method);
  t.match(await ask(url, { method: 'HEAD' }), { status: 200, body: '' });
  t.equal((await ask(url, { path: '/../../etc/passwd' })).status, 404);
  t.match((await ask(url)).headers, {
    'content-security-policy': /default-src 'none'.*connect-src 'self'.*frame-ancestors 'none'/,
    'access-control-allow-origin': undefined,
  });
});

t.test('with 64 pages open the oldest is closed to serve the next', async (t) => {
  const { url } = await live(t, t.testdir({}));
  const heard: string[] = [];
  const ended = new Set<number>();
  const open = (index: number) =>
    new Promise<void>((resolve, reject) => {
      const asked = request(new URL('/events', url), (response) => {
        t.equal(response.statusCode, 200);
        response.on('data', (data) => {
          heard[index] = (heard[index] ?? '') + data;
          resolve();
        });
        response.on('end', () => ended.add(index));
        response.on('error', () => {});
      });
      asked.on('error', reject);
      t.teardown(() => asked.destroy());
      asked.end();
    });
  for (let index = 0; index < 65; index++) await open(index);
  await eventually(() => ended.has(0));
  t.match(heard[0], /event: dismissed/);
  await eventually(() => /event: engine|event: run/.test(heard[64] ?? ''));
  t.equal(ended.size, 1);
});

/** A4 has 718 pixels within Chromium's margins; what is wider is cut off, and paper cannot be scrolled. */
async function fitsOnPaper(t: Test, page: Page, pdf: string): Promise<void> {
  await page.setViewportSize({ width: 718, height: 1000 });
  await page.emulateMedia({ media: 'print' });
  const wide = await page.evaluate(`(async () => {
    dispatchEvent(new Event('beforeprint'));
    await null;
    return [...document.querySelectorAll('main, .scroll, table, canvas, .tile')]
      .filter((one) => one.checkVisibility() && (one.scrollWidth > one.clientWidth + 1 || one.getBoundingClientRect().right > 719 ||
        (one.matches('.scroll') && one.scrollHeight > one.clientHeight + 1)))
      .map((one) => one.outerHTML.slice(0, 120));
  })()`);
  t.same(wide, []);
  t.ok((await page.locator('#latest td').count()) > 0);
  t.ok((await page.pdf({ path: pdf, format: 'A4' })).length > 10_000);
}

t.test('in a browser', { skip: whyNoBrowser() ?? false }, async (t) => {
  const browser = await launch();
  t.teardown(() => browser.close());

  t.test('without a soak it shows the engine, and rows as they come; markup in a symbol is text', async (t) => {
    const cwd = t.testdir({});
    const { url } = await live(t, cwd);
    const { page, complaints } = await open(browser, url, {}, '#engine .note');
    t.match(await page.locator('main').textContent(), /No soak has been run here yet[\s\S]*bot\.db: no such file/);
    const db = database(cwd);
    t.teardown(() => db.close());
    await page.getByText('connected to demo').waitFor();
    tick(db, EVIL, 99.25);
    await page.getByText('99.25').waitFor();
    t.equal(await page.locator('#latest tbody tr').first().locator('td').nth(1).textContent(), EVIL);
    t.equal(await page.evaluate('window.evil'), undefined);
    t.same(complaints, []);
    await page.context().close();
  });

  t.test('a soak that begins, decides and ends is followed by every viewer; a new one replaces it', async (t) => {
    const cwd = t.testdir({});
    const [log, samples] = [join(cwd, 'soak_decisions.jsonl'), join(cwd, 'soak_samples.jsonl')];
    const { url } = await live(t, cwd);
    const viewers = await Promise.all([1, 2].map(() => open(browser, url, {}, '#engine')));
    const all = (look: (page: (typeof viewers)[0]['page']) => Promise<unknown>) =>
      Promise.all(viewers.map(({ page }) => look(page)));
    const write = (file: string, record: object) => appendFileSync(file, `${JSON.stringify(record)}\n`);
    writeFileSync(samples, `${JSON.stringify(HEADER)}\n`);
    write(log, DECISIONS[0] as object);
    for (let second = 0; second < 30; second++) write(samples, observationAt(second));
    await all((page) => page.locator('#run figure canvas').first().waitFor());
    write(log, decisionAt(31, 'STALL', 'no new row for 46 s'));
    await all((page) => page.locator('#decisions').getByText('no new row for 46 s').waitFor());
    await all((page) => page.locator('#decisions details').first().locator('summary').click());
    await all((page) => page.locator('#decisions details[open] pre').first().waitFor());
    t.match(await viewers[0]?.page.title(), /^\w+ · (RUNNING|UNFINISHED) · hybrid-soak$/);
    write(samples, observationAt(31));
    write(log, DECISIONS.at(-1) as object);
    await all((page) => page.locator('.verdict').getByText('FAIL').waitFor());
    for (const { page } of viewers) t.equal(await page.locator('#decisions details[open]').count(), 1, 'stays open');
    // A run whose last record is of no more than 20 s ago goes on: a slow browser may take as long.
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    write(log, { ...(DECISIONS[0] as object), run_id: 'another', timestamp: soon });
    await all((page) => page.locator('.verdict').getByText('RUNNING').waitFor());
    t.same(
      viewers.flatMap(({ complaints }) => complaints),
      [],
    );
    await all((page) => page.context().close());
  });

  t.test('what is selected or has the focus stays over updates, and a killed server is unmistakable', async (t) => {
    const cwd = t.testdir({ config: { 'config.toml': '[dashboard]\nrefresh_seconds = 1\n' }, ...runFiles() });
    const db = database(cwd);
    t.teardown(() => db.close());
    const files = ['decisions', 'samples'].flatMap((name) => [`--${name}`, join(cwd, `soak_${name}.jsonl`)]);
    const args = ['dashboard', '--listen', '127.0.0.1:0', '--db', join(cwd, 'bot.db'), ...files];
    const child = spawn(SOAK, [...args, '--config', join(cwd, 'config/config.toml')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.teardown(() => child.kill('SIGKILL'));
    const url = await new Promise<string>((said) => child.stdout.once('data', (text) => said(String(text).trim())));
    const { page } = await open(browser, url, {}, '#latest td');
    await page.evaluate(`(() => {
      document.querySelector('#latest .scroll').focus();
      const cells = [...document.querySelectorAll('#latest td')];
      getSelection().selectAllChildren(cells.find((cell) => cell.textContent === '101.5'));
    })()`);
    tick(db, 'NEWER', 7.25);
    await page.getByText('7.25').waitFor();
    const kept = "[String(getSelection()), document.activeElement.getAttribute('aria-label')]";
    t.same(await page.evaluate(kept), ['101.5', 'newest rows of ticks']);
    child.kill('SIGKILL');
    await page
      .getByRole('alert')
      .getByText(/No connection to the server: this page is old/)
      .waitFor();
    t.match(await page.title(), /^✗ no connection/);
    t.equal(await page.evaluate('document.documentElement.className'), 'lost');
    await page.context().close();
  });

  t.test('an engine that is gone is said to be gone, and so is a server', async (t) => {
    const cwd = t.testdir({});
    const db = database(cwd);
    t.teardown(() => db.close());
    const server = await live(t, cwd);
    const { page } = await open(browser, server.url, {}, '#engine .tile');
    db.exec(`UPDATE engine_status SET last_flush_ms = ${Date.now() - 828_000}`);
    await page.getByText('none: the engine is not running, or stuck').waitFor();
    await page.getByText(/^1\dm \d+s ago$/).waitFor();
    await server.close();
    await page.getByText(/The soak has ended, and with it the server of this page/).waitFor();
    await page.context().close();
  });

  t.test('a whole run beside the engine fits a phone', async (t) => {
    const cwd = t.testdir(runFiles());
    t.teardown(() => db.close());
    const db = database(cwd);
    for (let n = 0; n < 20; n++) tick(db, `A-LONG-NAME-OF-A-MARKET-${'X'.repeat(60)}`, 100 + n);
    const { url } = await live(t, cwd);
    for (const [name, width] of [
      ['narrow', 390],
      ['wide', 1280],
    ] as const) {
      const dark = name === 'narrow' ? { colorScheme: 'dark' as const } : {};
      const options = { viewport: { width, height: 844 }, bypassCSP: true, ...dark };
      const { page } = await open(browser, url, options, '#run canvas');
      await page.locator('#latest td').first().waitFor();
      t.same(await seriousFindings(page), [], name);
      await page.screenshot({ path: join(cwd, `${name}.png`), fullPage: true });
      t.ok(((await page.evaluate('document.documentElement.scrollWidth')) as number) <= width);
      if (name === 'wide') await fitsOnPaper(t, page, join(cwd, 'paper.pdf'));
      await page.context().close();
    }
  });
});

t.end();
