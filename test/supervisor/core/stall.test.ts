import t from 'tap';
import { Soak } from './soak.ts';

const running = (...args: ConstructorParameters<typeof Soak>) => new Soak(...args).run(60);
const frozen = { rowsPerS: 0, heartbeat: false } as const;

t.test('45 s without a new row: one STALL with its numbers, then a restart', async (t) => {
  const soak = running().set(frozen);
  const stall = soak.until('STALL');
  t.match(stall, {
    at: 105,
    seconds_since_progress: 45,
    stall_streak: 1,
    ticks_count: 600,
    last_tick_ts: 1,
    heartbeat_age_s: 45,
  });
  t.same(soak.said().slice(-2), ['STALL: no new row for 45 s', 'ENGINE_RESTART: stall']);
  t.match(soak.effects, [{ kind: 'restart' }]);
});

t.test('a restart does not stop the stall clock; it grants the start-up grace alone', async (t) => {
  const soak = running().set(frozen);
  const first = soak.until('STALL');
  const second = soak.until('STALL');
  t.match(second, { seconds_since_progress: 65, stall_streak: 2 });
  t.equal(second.at - first.at, 20, 'the outcome at the next observation, then 15 s of grace');
});

t.test('restarts for pressure every 30 s do not keep a frozen engine from being detected', async (t) => {
  const soak = running().set({ ...frozen, cpu: 90, engineCpu: 300 });
  t.equal(soak.until('ENGINE_RESTART').reason, 'cpu over the limit for 10 s');
  t.match(soak.until('STALL'), { at: 105 });
});

t.test('progress ends the streak', async (t) => {
  const soak = running().set(frozen);
  soak.until('STALL');
  soak.set({ rowsPerS: 10 }).run(30).set(frozen);
  t.match(soak.until('STALL'), { stall_streak: 1 });
});

t.test('three stall restarts in a row without progress, then ABORT', async (t) => {
  const soak = running().set(frozen);
  const abort = soak.until('ABORT');
  t.match(abort.reason, /3 stall restarts in a row brought no progress/);
  t.equal(soak.of('STALL').length, 4);
  t.equal(soak.of('ENGINE_RESTART').length, 3);
  t.match(soak.run(60).last?.ending, { verdict: 'FAIL', exit_code: 20 });
});

t.test('a stall whose restart the hour’s budget no longer pays is an ABORT', async (t) => {
  const soak = running({}, { max_restarts_per_hour: 1 }).set(frozen);
  t.match(soak.until('ABORT').reason, /budget of 1 an hour spent/);
});

t.test('a quiet market is QUIET, once, and no restart, until its limit', async (t) => {
  const soak = running().set({ rowsPerS: 0 }).run(600);
  t.same(soak.said('QUIET'), ['QUIET: heartbeat fresh and connected, no trades']);
  t.equal(soak.verdict, 'hold: quiet');
  t.same(soak.effects, []);
  t.match(soak.until('STALL'), { seconds_since_progress: 900 });
});

t.test('QUIET is said again after trades have come back', async (t) => {
  const soak = running().set({ rowsPerS: 0 }).run(100).set({ rowsPerS: 1 }).run(20).set({ rowsPerS: 0 }).run(100);
  t.equal(soak.of('QUIET').length, 2);
});

t.test('a restart in a quiet market is not a stall while the engine connects again', async (t) => {
  const soak = running().set({ rowsPerS: 0 }).run(200);
  soak.set({ unit: { n_restarts: 1, invocation_id: 'again' }, connection: 'connecting' }).run(10);
  soak.set({ connection: 'connected' }).run(300);
  t.same(soak.of('STALL'), []);
});

t.test('a STALL whose restart was never asked for does not count among the restarts in a row', async (t) => {
  const soak = running({}, { max_stall_restarts: 1, quiet_limit_s: 120 }).set({
    rowsPerS: 0,
    connection: 'connecting',
  });
  soak
    .run(40)
    .set({ unit: { n_restarts: 1, invocation_id: 'again' } })
    .run(10);
  t.equal(soak.of('STALL').length, 1);
  soak.set({ connection: 'connected' });
  t.equal(soak.until('ENGINE_RESTART').reason, 'stall');
});

t.test('a lost connection is not a quiet market', async (t) => {
  t.match(running().set({ rowsPerS: 0, connection: 'connecting' }).until('STALL'), { at: 105 });
});

/** A heartbeat every 20 s: alive, not fresh. */
function slowHeart(soak: Soak, seconds: number): Soak {
  for (let left = seconds; left > 0; left -= 20) soak.set({ heartbeat: false }).run(15).set({ heartbeat: true }).run(5);
  return soak;
}

for (const [what, conditions] of [
  ['whose tasks all wait', { cgroupFull: 80 }],
  ['on a host far above its limit', { cpu: 95, share: 0.01 }],
] as const)
  t.test(`a slow heart ${what} is STARVED, once, with twice the threshold`, async (t) => {
    const soak = slowHeart(running().set({ rowsPerS: 0, connection: 'connecting', ...conditions }), 120);
    t.same(soak.said('STARVED'), ['STARVED: heartbeat slow but alive under pressure']);
    t.match(soak.of('STALL')[0], { seconds_since_progress: 90 });
  });

t.test('a slow heart without pressure is a stall', async (t) => {
  t.match(slowHeart(running().set({ rowsPerS: 0, connection: 'connecting' }), 60).of('STALL')[0], {
    seconds_since_progress: 45,
  });
});

t.test('a process that only writes its first heartbeat is not alive, however often it is born', async (t) => {
  const soak = running().set({ rowsPerS: 0, connection: 'connecting', cpu: 95, share: 0.01 });
  for (let pid = 100; pid < 120; pid++) soak.set({ enginePid: pid }).run(5);
  t.same(soak.of('STARVED'), []);
  t.match(soak.of('STALL')[0], { seconds_since_progress: 45 });
});

t.test('a database that cannot be read is said once, and the stall clock runs on', async (t) => {
  const soak = running().set({ progress: false, heartbeat: null });
  t.match(soak.until('STALL'), { at: 105 });
  t.same(soak.said('HOLD'), ['HOLD: progress unavailable: database is locked']);
});

t.test('a unit that is between two states is not restarted on top, the STALL is written all the same', async (t) => {
  const soak = running().set({ ...frozen, unit: { active_state: 'activating' } });
  soak.until('STALL');
  t.same(soak.run(30).effects, []);
  t.equal(soak.verdict, 'hold: unit changing state');
  soak.set({ unit: {} }).run(5);
  t.match(soak.effects, [{ kind: 'restart' }]);
});

t.test('a stall outranks a rung change', async (t) => {
  const soak = running({}, { sustain_s: 45 }).set({ ...frozen, cpu: 90, engineCpu: 300 });
  soak.until('STALL');
  t.same(
    soak.of('ENGINE_RESTART').map(({ reason }) => reason),
    ['stall'],
  );
});

t.test('an engine that crashes over and over within its grace does not put its stall off for ever', async (t) => {
  const soak = running().set({ ...frozen, connection: 'connecting' });
  for (let life = 1; life < 60 && soak.last?.ending == null; life++)
    soak.set({ unit: { invocation_id: `life-${life}`, n_restarts: life } }).run(10);
  t.equal(soak.of('STALL').length, 4);
  t.match(soak.last?.ending, { verdict: 'FAIL', reason: /3 stall restarts in a row/ });
});
