// make-table.ts ROWS FOLDER: a database of that many ticks there; prints its path.
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { fillTable } from '../table.ts';

const [rows, folder] = process.argv.slice(2) as [string, string];
const path = join(folder, 'bot.db');
fillTable(`${path}.new`, Number(rows));
renameSync(`${path}.new`, path);
process.stdout.write(`${path}\n`);
