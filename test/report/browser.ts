import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';

/** Debian's. The shell draws pages and nothing else: a fifth of the CPU of the whole browser, whose every window is a page too. */
const BROWSERS = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];
const CHROMIUM = BROWSERS.find((path) => existsSync(path));
const MISSING = `none of ${BROWSERS.join(', ')} (Debian: chromium-headless-shell)`;

/** Why no browser is available; null if one is. REQUIRE_BROWSER=1 makes a missing one a failure. */
export function whyNoBrowser(): string | null {
  if (CHROMIUM !== undefined) return null;
  if (process.env['REQUIRE_BROWSER'] === '1') throw new Error(MISSING);
  return MISSING;
}

/** Its sandbox does not start for root. */
export const launch = (): Promise<Browser> =>
  chromium.launch({
    ...(CHROMIUM === undefined ? {} : { executablePath: CHROMIUM }),
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    timeout: 300_000,
  });

export interface Opened {
  page: Page;
  /** What the page's console said, and every address that it asked for but its own. */
  complaints: string[];
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds on a page that is serious, and headings that leave out a level. The page's own policy must be bypassed. */
export async function seriousFindings(page: Page): Promise<string[]> {
  await page.addScriptTag({ content: AXE });
  return page.evaluate(
    `axe.run(document, { rules: { 'heading-order': { enabled: true } } }).then(({ violations }) => violations
      .filter(({ id, impact }) => id === 'heading-order' || ['serious', 'critical'].includes(impact))
      .map(({ id, nodes }) => id + ': ' + nodes[0].html.slice(0, 150)))`,
  );
}

/** Waits until the text of the place matches, and answers with it. */
export async function shown(place: Locator, wanted: RegExp): Promise<string | null> {
  await place.filter({ hasText: wanted }).waitFor();
  return place.textContent();
}

/** Opens a page and waits until `ready` is there. */
export async function open(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
  ready = 'figure canvas',
): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  // A busy machine draws slowly.
  context.setDefaultTimeout(300_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) complaints.push(request.url());
  });
  await page.goto(url);
  await page.waitForSelector(ready);
  // Plots are as wide as their places from the end of their first frame on.
  await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))');
  return { page, complaints };
}
