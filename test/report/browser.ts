import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';

/** Why no browser is available; null if one is. REQUIRE_BROWSER=1 makes a missing one a failure. */
export function whyNoBrowser(): string | null {
  if (existsSync(CHROMIUM)) return null;
  if (process.env['REQUIRE_BROWSER'] === '1') throw new Error(`${CHROMIUM} is missing (Debian: chromium)`);
  return `${CHROMIUM} is missing (Debian: chromium)`;
}

/** Debian's own Chromium; its sandbox does not start for root. */
export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });

export interface Opened {
  page: Page;
  /** What the page's console said, and every address that it asked for but its own. */
  complaints: string[];
}

/** Opens a page and waits until `ready` is there. */
export async function open(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
  ready = 'figure canvas',
): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) complaints.push(request.url());
  });
  await page.goto(url);
  await page.waitForSelector(ready);
  return { page, complaints };
}
