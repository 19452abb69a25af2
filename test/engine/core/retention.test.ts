import { Retention } from '@hybrid-soak/engine/core/retention.ts';
import t from 'tap';

const DAY = 86_400_000;
const KEEP = 30 * DAY;
const T = Date.UTC(2026, 0, 1);
const at = (wallMs: number, monoMs: number) => ({ wallMs, monoMs });

t.test('with clock and rows agreeing, what is older than the limit goes', async (t) => {
  const retention = new Retention(KEEP, false, T, at(T, 0));
  t.same(retention.look(at(T + 1000, 1000)), { beforeMs: T + 1000 - KEEP, jumpedMs: null });
  retention.committed(T + 2000, 2000);
  t.same(retention.look(at(T + 2500, 2500)), { beforeMs: T + 2500 - KEEP, jumpedMs: null }, 'also between trades');
});

t.test('a clock that is ahead at the start deletes nothing more than the rows allow', async (t) => {
  const retention = new Retention(KEEP, false, T, at(T + 40 * DAY, 0));
  retention.committed(T + 1000, 1000);
  t.equal(retention.look(at(T + 40 * DAY + 1000, 1000)).beforeMs, T + 1000 - KEEP);
});

t.test('stamps that are ahead delete nothing more than the clock allows', async (t) => {
  const retention = new Retention(KEEP, false, T, at(T, 0));
  retention.committed(Date.UTC(2099, 0, 1), 1000);
  t.equal(retention.look(at(T + 1000, 1000)).beforeMs, T + 1000 - KEEP);
});

t.test('stamps that the engine makes itself do not confirm its clock', async (t) => {
  const retention = new Retention(KEEP, true, T, at(T + 40 * DAY, 0));
  retention.committed(T + 40 * DAY + 1000, 1000);
  t.equal(retention.look(at(T + 40 * DAY + 1000, 1000)).beforeMs, T + 1000 - KEEP);
});

t.test('a jump is reported once and suspends retention for an hour; drift is not a jump', async (t) => {
  const retention = new Retention(KEEP, false, T, at(T, 0));
  t.equal(retention.look(at(T + 1050, 1000)).jumpedMs, null);
  t.same(retention.look(at(T + 40 * DAY, 2000)), { beforeMs: null, jumpedMs: 40 * DAY - 2050 });
  t.same(retention.look(at(T + 40 * DAY + 1000, 3000)), { beforeMs: null, jumpedMs: null });
  retention.committed(T + 3_600_000, 3_602_000);
  t.equal(retention.look(at(T + 40 * DAY + 3_600_000, 3_602_000)).beforeMs, T + 3_600_000 - KEEP);
});

t.test('without a row nothing is deleted', async (t) => {
  t.equal(new Retention(KEEP, false, null, at(T, 0)).look(at(T, 1)).beforeMs, null);
});
