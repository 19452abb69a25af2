import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { listPage } from '@hybrid-soak/report/html.ts';
import { listen, sendPage } from '@hybrid-soak/report/live/listen.ts';
import { writeReport } from '@hybrid-soak/report/write-report.ts';
import type { Browser } from 'playwright-core';
import t from 'tap';
import { launch, open, seriousFindings, shown, whyNoBrowser } from './browser.ts';
import { DECISIONS, EARLIER, EVIL, HEADER, observationAt, runFiles } from './fixture.ts';

const skip = whyNoBrowser() ?? false;
let browser: Browser;
let folder = '';
let url = '';

t.before(async () => {
  folder = t.testdir(runFiles([EARLIER, ...DECISIONS]));
  const out = join(folder, 'report.html');
  const [decisions, samples] = [join(folder, 'soak_decisions.jsonl'), join(folder, 'soak_samples.jsonl')];
  writeReport({ decisions, samples, run: EARLIER.run_id, out: join(folder, 'the one before.html') });
  writeReport({ decisions, samples, out });
  url = pathToFileURL(out).href;
  if (!skip) browser = await launch();
});
t.setTimeout(600_000);
t.teardown(() => browser?.close());

t.test('nothing in the file ends its script early or names another place', (t) => {
  const html = readFileSync(join(folder, 'report.html'), 'utf8');
  t.notMatch(html, '<img');
  t.notMatch(html, /<\w+[^<>]*\s(src|href)=(?!"data:)/);
  t.equal(html.match(/<script/g)?.length, 3);
  t.equal(html.match(/<\/script/g)?.length, 3);
  t.end();
});

t.test('it opens without a network, asks for nothing, complains of nothing, shows all', { skip }, async (t) => {
  const { page, complaints } = await open(browser, url, { offline: true });
  t.same(complaints, []);
  t.equal(await page.locator('figure canvas').count(), 14);
  const floors = page.locator('figure', { hasText: 'Private memory, floors' });
  t.match(await floors.locator('figcaption').textContent(), 'slope +60 MiB/h (58 .. 62)');
  await floors.locator('summary').click();
  // The table is made when it is opened.
  await floors.locator('tr').nth(1).waitFor();
  t.match(
    await floors.locator('tr').nth(1).locator('td').allTextContents(),
    ['60', '60'],
    'the value and the fitted one',
  );
  t.match(
    await page.locator('#slopes').textContent(),
    /private memory✗ \+60 MiB\/h[\s\S]*not enough to tell: at least 3 min more/,
  );
  t.match(await page.locator('#completeness').textContent(), /99.98 %[\s\S]*main5m 0s50 %[\s\S]*all sources/);
  t.match(await page.locator('#missing').textContent(), 'somewhere BTCUSDTmain71');
  t.match(
    await page.locator('#predecessor').textContent(),
    /eeee0000 \(the one before.html\), PASS[\s\S]*verdictPASSFAIL/,
  );
  t.match(await page.locator('#summary').textContent(), /FAIL[\s\S]*max_stalls = 0, seen 1[\s\S]*exit code 21/);
  t.match(await page.locator('main').textContent(), /stall_threshold_s\s*45[\s\S]*kernel\s*6\.8\.0/);
  await page.context().close();
});

t.test('the link leads to the report of the run before, beside this one', { skip }, async (t) => {
  const { page, complaints } = await open(browser, url);
  await page.locator('#predecessor a').click();
  await page.waitForURL(/before.html$/);
  t.match(await page.title(), /PASS · soak eeee0000/);
  t.same(complaints, []);
  await page.context().close();
});

t.test('a reason or a symbol that is markup stays text', { skip }, async (t) => {
  const { page } = await open(browser, url);
  const row = page.locator('#decisions tbody tr').nth(3);
  t.equal(
    await row
      .locator('td')
      .nth(3)
      .evaluate((cell) => cell.textContent),
    EVIL,
  );
  await row.locator('summary').click();
  t.match(await row.locator('pre').textContent(), '</script><img');
  t.equal(await page.locator('img').count(), 0);
  t.equal(await page.evaluate('window.evil'), undefined);
  await page.context().close();
});

const pictures = (page: import('playwright-core').Page) =>
  page
    .locator('figure canvas')
    .evaluateAll((all) => all.map((canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL()));

t.test('dragging in one plot zooms all of them, and all come back', { skip }, async (t) => {
  const { page } = await open(browser, url);
  const before = await pictures(page);
  const box = (await page.locator('.u-over').nth(2).boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.3, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 40, { steps: 4 });
  await page.mouse.up();
  await page.getByRole('button', { name: 'Show all' }).waitFor();
  const zoomed = await pictures(page);
  t.ok(zoomed.every((picture, index) => picture !== before[index]));
  await page.getByRole('button', { name: 'Show all' }).click();
  await page.mouse.move(5, 5);
  await page.getByRole('button', { name: 'Show all' }).waitFor({ state: 'hidden' });
  t.same(await pictures(page), before);
  await page.context().close();
});

t.test('a mark under the pointer says what happened, when and why', { skip }, async (t) => {
  const { page } = await open(browser, url);
  const box = (await page.locator('.u-over').nth(1).boundingBox())!;
  await page.mouse.move(box.x + box.width / 3, box.y + 50);
  t.ok(await shown(page.locator('.tip'), /05:03:20 ENGINE_RESTART THROTTLE1 1\/5\s*cpu over the limit/));
  t.ok(await shown(page.locator('figcaption').nth(1), /host 30\s*waits of the engine 15/));
  await page.mouse.move(5, 5);
  await page.locator('.tip').waitFor({ state: 'hidden' });
  await page.context().close();
});

t.test('the table is filtered by text and by action; a time zooms to its moment', { skip }, async (t) => {
  const { page } = await open(browser, url);
  const rows = page.locator('#decisions tbody tr');
  t.equal(await rows.count(), DECISIONS.length);
  await page.getByLabel('Filter by action').selectOption('HOLD');
  await shown(page.locator('#count'), /^1 \(of \d+\)$/);
  t.equal(await rows.count(), 1);
  await page.getByLabel('Filter by text').fill('nothing like it');
  await page.getByText('No decision matches this filter').waitFor();
  t.equal(await rows.count(), 0);
  await page.getByLabel('Filter by text').fill('AMBIENT');
  await rows.getByRole('button').click();
  await page.getByRole('button', { name: 'Show all' }).waitFor();
  await page.context().close();
});

t.test('light, dark, and 390 pixels wide: all fits, and paper is light', { skip }, async (t) => {
  const shots: Buffer[] = [];
  for (const [name, options] of Object.entries({
    light: {},
    dark: { colorScheme: 'dark' as const },
    narrow: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 },
  })) {
    const { page, complaints } = await open(browser, url, options);
    const width = (await page.evaluate('document.documentElement.scrollWidth')) as number;
    t.ok(width <= (page.viewportSize()?.width ?? 0), `${name}: ${width} wide`);
    shots.push(await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true }));
    t.same(complaints, []);
    await page.context().close();
  }
  t.notOk(shots[0]?.equals(shots[1] as Buffer), 'dark is dark');
  const { page } = await open(browser, url, { colorScheme: 'dark' });
  // Printing does not wait for observers: what is drawn when the event has been heard is what is printed.
  const widths = (await page.evaluate(`(async () => {
    dispatchEvent(new Event('beforeprint'));
    await null;
    return [...document.querySelectorAll('figure canvas')].map((canvas) => canvas.clientWidth);
  })()`)) as number[];
  t.ok(
    widths.every((width) => width > 500 && width <= 700),
    `a plot that is wider than the paper is cut off: ${widths.join()}`,
  );
  await page.evaluate("dispatchEvent(new Event('afterprint'))");
  await page.waitForFunction("document.querySelector('figure canvas').clientWidth > 700");
  t.ok((await page.pdf({ path: join(folder, 'paper.pdf') })).length > 10_000);
  await page.context().close();
});

t.test('a list of pages fits a phone, and has no serious finding', { skip }, async (t) => {
  const cells = ['tokyo.1', 'NORMAL', 'SUMMARY', 'PASS', '0.7/20 0.0/10 0.1/15', 'connected to somewhere', '100.0'];
  const rows = [
    { href: 'host/a/', cells },
    { href: 'host/b/', cells: ['berlin<2>', 'does not ship now'] },
  ];
  const header = ['HOST', 'RUNG', 'LAST', 'VERDICT', 'CPU MEM IO PART/LIMIT %', 'ENGINE', 'ROWS/S'];
  writeFileSync(join(folder, 'list.html'), listPage('fleet', header, rows, 60, 'none').html);
  writeFileSync(join(folder, 'none.html'), listPage('fleet', header, [], 60, 'No host <yet>').html);
  const at = (name: string) => pathToFileURL(join(folder, name)).href;
  const options = { viewport: { width: 390, height: 600 }, bypassCSP: true };
  const { page, complaints } = await open(browser, at('list.html'), options, 'td');
  t.ok(((await page.evaluate('document.documentElement.scrollWidth')) as number) <= 390);
  t.same(await seriousFindings(page), []);
  t.same(await page.locator('td.good').allTextContents(), ['PASS']);
  t.equal(await page.getByText('does not ship now').getAttribute('colspan'), '6');
  await page.goto(at('none.html'));
  t.equal(await page.locator('main').textContent(), 'No host <yet>');
  t.same(complaints, []);
  await page.context().close();
});

t.test('a list follows its server, keeps the focus, and says when the server is gone', { skip }, async (t) => {
  const cells = [['tokyo', 'NORMAL']];
  const rows = () => cells.map((all) => ({ href: `host/${all[0]}/`, cells: all }));
  const list = () => listPage('fleet', ['HOST', 'RUNG'], rows(), 0.1, 'none');
  const server = await listen({ host: '127.0.0.1', port: 0 }, (_, request, response) =>
    sendPage(list(), request, response),
  );
  const { page } = await open(browser, server.url, {}, 'td');
  await page.locator('a').focus();
  cells.unshift(['berlin', 'THROTTLE1']);
  await page.getByText('THROTTLE1').waitFor();
  t.equal(await page.evaluate('document.activeElement.textContent'), 'tokyo');
  await server.close();
  await page.getByRole('alert').getByText('No connection to the server').waitFor();
  await page.context().close();
});

t.test('times are local, and UTC on request; the switch reaches table and plots', { skip }, async (t) => {
  const { page } = await open(browser, url, { timezoneId: 'Asia/Kolkata' });
  const first = page.locator('#decisions tbody button').first();
  const local = await first.textContent();
  await page.getByRole('button', { name: 'times: local' }).click();
  await page.getByRole('button', { name: 'times: UTC' }).waitFor();
  const utc = await first.textContent();
  t.equal(Date.parse(`${local}Z`) - Date.parse(`${utc}Z`), 5.5 * 3_600_000);
  await page.context().close();
});

t.test('axe-core finds nothing serious, light and dark, with a table of numbers open', { skip }, async (t) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page } = await open(browser, url, { colorScheme, bypassCSP: true });
    await page.locator('.behind summary').first().click();
    await page.locator('.behind td').first().waitFor();
    t.ok((await page.locator('.behind td').count()) > 0);
    t.same(await seriousFindings(page), [], colorScheme);
    await page.context().close();
  }
});

t.test("a run without samples, as the earlier tool's, is drawn from its decisions", { skip }, async (t) => {
  // No STARTUP, `seq`, `policy` or limits; the last of them is its ABORT.
  const earlier = readFileSync(new URL('../fixtures/recordings/earlier-ambient-55.jsonl', import.meta.url), 'utf8');
  const cwd = t.testdir({ 'd.jsonl': `${earlier.trimEnd().split('\n').slice(0, -1).join('\n')}\ngarbage\n{"torn` });
  const out = join(cwd, 'report.html');
  t.match(writeReport({ decisions: join(cwd, 'd.jsonl'), samples: join(cwd, 's.jsonl'), run: '5f0e7a', out }), {
    run: '5f0e7a52-0c1d-4a7e-9d57-3b7f3f1f5a10',
  });
  const { page, complaints } = await open(browser, pathToFileURL(out).href);
  t.same(complaints, []);
  const text = await page.locator('#summary').textContent();
  t.match(text, /UNFINISHED[\s\S]*skipped: 1\.[\s\S]*torn[\s\S]*No samples/);
  t.match(text, /elapsed\s*35s/, 'the span of its records');
  t.match(text, /no limit in the log · pressure 55 %/);
  t.notMatch(text, /not begun|\?/);
  t.equal(await page.locator('figure canvas').count(), 4, 'rungs, cpu, memory, io');
  await page.context().close();
});

t.test('a resource that could not be read is unavailable, and why; the rest is drawn', { skip }, async (t) => {
  const io = { available: false as const, why: '/proc/pressure/io: EOPNOTSUPP <b>' };
  const seen = Array.from({ length: 30 }, (_, s) => observationAt(s, { psi: { ...observationAt(s).psi, io } }));
  const cwd = t.testdir({
    'd.jsonl': `${JSON.stringify(DECISIONS[0])}\n`,
    's.jsonl': [HEADER, ...seen, ''].map((line) => (line === '' ? '' : JSON.stringify(line))).join('\n'),
  });
  const out = join(cwd, 'report.html');
  writeReport({ decisions: join(cwd, 'd.jsonl'), samples: join(cwd, 's.jsonl'), out });
  const { page, complaints } = await open(browser, pathToFileURL(out).href);
  t.same(complaints, []);
  t.match(await page.locator('figure').nth(3).textContent(), `host: unavailable, ${io.why}`);
  t.match(await page.locator('figure').nth(3).textContent(), 'engine max 0', 'what is known is drawn');
  await page.context().close();
});

t.end();
