// `npm run install-units`: `soak install`, with its flags: --user, --dry-run, --link DIR.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const soak = join(import.meta.dirname, '../packages/supervisor/bin/soak');
const { status } = spawnSync(soak, ['install', ...process.argv.slice(2)], { stdio: 'inherit' });
process.exitCode = status ?? 1;
