import { resolve } from 'node:path';

/** The release that `npm test` has built for the whole run: programs start in half the time. */
const RELEASE = process.env['TEST_RELEASE'];

const ROOT = resolve(import.meta.dirname, '..');

/** The program of that name: of the run's release, or of the checkout if a file runs alone. */
const program = (name: string, inCheckout: string): string =>
  RELEASE === undefined ? resolve(ROOT, inCheckout) : resolve(RELEASE, 'bin', name);

export const SOAK = program('soak', 'packages/supervisor/bin/soak');
export const ENGINE = program('hybrid-engine', 'packages/engine/bin/hybrid-engine');
export const FLEET = program('hybrid-fleet', 'packages/fleet/bin/hybrid-fleet');
export const FEED = program('hybrid-feed', 'packages/feed/bin/hybrid-feed');
