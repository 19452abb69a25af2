import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostPressure } from '@hybrid-soak/supervisor/adapters/pressure.ts';
import { hostStall } from '@hybrid-soak/supervisor/proofs/host-stall.ts';
import t from 'tap';

t.test('a limit of time is not judged on a host whose tasks waited; without PSI it is', async (t) => {
  const line = (total: number) => `some avg10=0.00 avg60=0.00 avg300=0.00 total=${total}\n`;
  const dir = t.testdir({ pressure: { cpu: line(1000), memory: line(0), io: line(0) } });
  const host = hostStall(hostPressure(dir));
  t.equal(host.tooBusy(), false);
  const weekUsec = 7 * 86_400 * 1e6;
  writeFileSync(join(dir, 'pressure/io'), line(weekUsec));
  t.equal(host.tooBusy(), true);
  const blind = hostStall(hostPressure(t.testdir({})));
  t.equal(blind.tooBusy(), false);
});
