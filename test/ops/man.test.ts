import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { manPages } from '../../ops/man.ts';

const SHIPPED = join(import.meta.dirname, '../../ops/man');
const pages = await manPages();

t.test('one page a program is shipped', async (t) => {
  t.same(readdirSync(SHIPPED).sort(), Object.keys(pages).sort());
});

for (const [name, text] of Object.entries(pages))
  t.test(`the shipped ${name} is what the code says (npm run man), and man renders it without warnings`, async (t) => {
    t.equal(readFileSync(join(SHIPPED, name), 'utf8'), text);
    if (spawnSync('man', ['--version']).status !== 0) return;
    const env = { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: '80', MAN_KEEP_FORMATTING: '' };
    const shown = spawnSync('man', ['--warnings', '-l', join(SHIPPED, name)], { encoding: 'utf8', env });
    t.match(shown, { status: 0, stderr: '' });
    t.match(shown.stdout, /SYNOPSIS[\s\S]*--help[\s\S]*FILES\n[\s\S]*ENVIRONMENT\n[\s\S]*EXIT STATUS\n/);
    t.match(shown.stdout, /hybrid-soak \d+\.\d+\.\d+ +\d{4}-\d\d-\d\d +[A-Z-]+\(1\)/, 'with a date');
  });
