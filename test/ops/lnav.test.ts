import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { decisionAt } from '../report/fixture.ts';

const FORMAT = fileURLToPath(new URL('../../ops/lnav/hybrid-soak.json', import.meta.url));
const skip = spawnSync('lnav', ['-V']).error !== undefined && 'lnav is not installed (Debian: lnav)';

t.test('lnav takes the format, knows the levels, shows the lines and answers SQL', { skip }, (t) => {
  const records = [
    decisionAt(1, 'STALL', 'no new row for 46 s', { seconds_since_progress: 46 }),
    decisionAt(2, 'HOLD', 'ambient', { io_some_avg10: 2.5 }),
  ];
  const home = t.testdir({ 'soak_decisions.jsonl': `${records.map((record) => JSON.stringify(record)).join('\n')}\n` });
  const lnav = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync('lnav', args, {
      env: { ...process.env, HOME: home, TERM: 'dumb' },
      encoding: 'utf8',
      input: '',
    });
    t.equal(status, 0, stderr);
    return stdout;
  };
  const log = join(home, 'soak_decisions.jsonl');
  lnav('-i', FORMAT);
  t.match(lnav('-n', log), /^2026-03-04 05:00:01 NORMAL +1\/1 +STALL +no new row for 46 s +PSI cpu 30/m);
  const query = ';SELECT log_level, action, io_some_avg10 FROM hybrid_soak_decisions';
  t.match(lnav('-n', '-c', query, '-c', ':write-csv-to -', log), /error,STALL,[^\n]*\ndebug,HOLD,2\.5/);
  t.end();
});
