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
  const first = soak.until('ENGINE_RESTART');
  const second = soak.until('ENGINE_RESTART');
  t.match(second, { stall_streak: 2, cause: 'stall' });
  t.equal(second.at - first.at, 16, 'the outcome, then 15 s of grace');
  t.equal(soak.of('STALL').length, 1, 'it stays one STALL until a row comes');
});

t.test('restarts for pressure do not keep a frozen engine from being detected', async (t) => {
  const soak = running().set({ ...frozen, cpu: 90, share: 0.9 });
  t.equal(soak.until('ENGINE_RESTART').cause, 'pressure');
  t.match(soak.until('STALL'), { at: 105 });
});

t.test('a freeze whose restart outlasts an interval is one STALL', async (t) => {
  const soak = running().set(frozen);
  soak.until('ENGINE_RESTART');
  soak.set({ effects: null }).run(60).set({ effects: 'ok', rowsPerS: 10, heartbeat: true }).run(600);
  t.equal(soak.of('STALL').length, 1);
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
  t.match(abort, { reason: /3 stall restarts in a row brought no progress/, cause: 'stall' });
  t.equal(soak.of('STALL').length, 1);
  t.same(
    soak.of('ENGINE_RESTART').map(({ stall_streak }) => stall_streak),
    [1, 2, 3],
  );
  t.match(soak.run(60).last?.ending, { verdict: 'FAIL', exit_code: 20 });
});

t.test("a stall whose restart the hour's budget no longer pays is an ABORT", async (t) => {
  const soak = running({}, { max_restarts_per_hour: 1 }).set(frozen);
  t.match(soak.until('ABORT'), { cause: 'budget', reason: /budget of 1 restarts an hour spent/ });
});

t.test('a quiet market is QUIET, once, and no restart, until its limit', async (t) => {
  const soak = running().set({ rowsPerS: 0 }).run(600);
  t.match(soak.of('QUIET'), [{ quiet: 'no trades' }]);
  t.same(soak.effects, []);
  const stall = soak.until('STALL');
  t.ok(stall.at >= 960 && stall.at <= 1010, `the limit and a threshold: ${stall.at}`);
});

t.test(
  'every trade sampled out is QUIET without a limit; a trade that was kept and made no row is a stall',
  async (t) => {
    const soak = running({ duration_s: 20_000 }, {}, { kept: 1 });
    soak.set({ rowsPerS: 0, kept: 0, sampledOut: 1 }).run(3600);
    t.match(soak.of('QUIET'), [{ quiet: 'sampled' }]);
    t.same(soak.of('STALL'), []);
    const at = soak.set({ kept: 1 }).at;
    const stall = soak.until('STALL');
    t.ok(stall.at - at >= 44 && stall.at - at <= 51, `${stall.at - at} s`);
  },
);

t.test(
  'an exchange that is away is QUIET, disconnected: no restart however long, and not held against the soak',
  async (t) => {
    const soak = running().set({ rowsPerS: 0, connection: 'disconnected' }).run(600);
    t.match(soak.of('QUIET'), [{ quiet: 'disconnected' }]);
    t.same([soak.of('STALL'), soak.effects], [[], []]);
    soak.set({ rowsPerS: 10, connection: 'connected' }).run(8000);
    t.match(soak.records.at(-1)?.classes_s, { disconnected: 600 });
    t.match(soak.last?.ending, { verdict: 'PASS' });
  },
);

t.test('on leaving QUIET the clock runs from when the heartbeat of that process last moved', async (t) => {
  const soak = running().set({ rowsPerS: 0, connection: 'disconnected' }).run(300);
  const at = soak.set({ heartbeat: false }).at;
  const stall = soak.until('STALL');
  t.ok(stall.at - at >= 45 && stall.at - at <= 50, `${stall.at - at} s`);
  t.match(stall, { heartbeat_age_s: stall.at - at });
});

t.test('QUIET is said again after trades have come back', async (t) => {
  const soak = running().set({ rowsPerS: 0 }).run(100).set({ rowsPerS: 1 }).run(20).set({ rowsPerS: 0 }).run(100);
  t.equal(soak.of('QUIET').length, 2);
});

t.test('a market with a row now and then is one QUIET a spell, not one a row', async (t) => {
  const soak = running({}, { stall_threshold_s: 20 });
  for (let i = 0; i < 100; i++) soak.set({ rowsPerS: 1 }).run(1).set({ rowsPerS: 0 }).run(35);
  t.equal(soak.of('QUIET').length, 1);
});

t.test('a restart in a quiet market is not a stall while the engine connects again', async (t) => {
  const soak = running().set({ rowsPerS: 0 }).run(200);
  soak.set({ unit: { n_restarts: 1, invocation_id: 'again' }, connection: 'starting' }).run(10);
  soak.set({ connection: 'connected' }).run(300);
  t.same(soak.of('STALL'), []);
});

t.test('no connection is not a quiet market', async (t) => {
  t.match(running().set({ rowsPerS: 0, connection: 'starting' }).until('STALL'), { at: 105 });
});

/** A heartbeat every 20 s: alive, not fresh. */
function slowHeart(soak: Soak, seconds: number): Soak {
  for (let left = seconds; left > 0; left -= 20) soak.set({ heartbeat: false }).run(15).set({ heartbeat: true }).run(5);
  return soak;
}

for (const [what, conditions] of [
  ['whose tasks all wait', { cgroupFull: 80 }],
  ['on a host that waits more than 80 % of the time', { cpu: 95, share: 0.01 }],
] as const)
  t.test(`a slow heart ${what} is STARVED, once, with twice the threshold`, async (t) => {
    const soak = slowHeart(running().set({ rowsPerS: 0, connection: 'starting', ...conditions }), 120);
    t.same(soak.said('STARVED'), ['STARVED: heartbeat slow but alive under pressure']);
    t.match(soak.of('STALL')[0], { seconds_since_progress: 90 });
  });

t.test('a slow heart without pressure is a stall', async (t) => {
  t.match(slowHeart(running().set({ rowsPerS: 0, connection: 'starting' }), 60).of('STALL')[0], {
    seconds_since_progress: 45,
  });
});

t.test('a process that only writes its first heartbeat is not alive, however often it is born', async (t) => {
  const soak = running().set({ rowsPerS: 0, connection: 'starting', cpu: 95, share: 0.01 });
  for (let pid = 100; pid < 120; pid++) soak.set({ enginePid: pid }).skip(5);
  t.same(soak.of('STARVED'), []);
  t.match(soak.of('STALL')[0], { seconds_since_progress: 45 });
});

t.test('rows that could be read once and cannot now: said once, and the stall clock runs on', async (t) => {
  const soak = running().set({ progress: 'SQLITE_BUSY', heartbeat: null });
  t.match(soak.until('STALL'), { at: 105 });
  t.match(soak.of('HOLD'), [{ hold: 'progress' }]);
});

t.test('rows that were never readable: one HOLD, no STALL, no restart, INCONCLUSIVE', async (t) => {
  const soak = new Soak({}, {}, { progress: 'SQLITE_NOTADB', heartbeat: null }).run(8000);
  t.match(soak.of('HOLD'), [{ hold: 'progress' }]);
  t.same([soak.of('STALL'), soak.effects.map(({ kind }) => kind)], [[], ['restore']]);
  t.match(soak.last?.ending, { verdict: 'INCONCLUSIVE', reason: 'no row was seen' });
});

t.test('a permission that is missing never restarts anything', async (t) => {
  const soak = running().set({ progress: 'EACCES', heartbeat: null }).run(1800);
  t.same([soak.of('STALL'), soak.effects], [[], []]);
});

t.test('a unit that is between two states is not restarted on top, the STALL is written all the same', async (t) => {
  const soak = running().set({ ...frozen, unit: { active_state: 'activating' } });
  soak.until('STALL');
  t.same(soak.run(30).effects, []);
  t.equal(soak.verdict, 'hold: busy: unit changing state');
  soak.set({ unit: {} }).run(20);
  t.match(soak.effects, [{ kind: 'restart' }]);
});

t.test('a stall outranks a rung change', async (t) => {
  const soak = running({}, { sustain_s: 45 }).set({ ...frozen, cpu: 90, share: 0.9 });
  soak.until('STALL');
  t.same(
    soak.of('ENGINE_RESTART').map(({ cause }) => cause),
    ['stall'],
  );
});

t.test('an engine that crashes over and over within its grace does not put its stall off for ever', async (t) => {
  const soak = running().set({ ...frozen, connection: 'starting' });
  for (let life = 1; life < 60 && soak.last?.ending == null; life++)
    soak.set({ unit: { invocation_id: `life-${life}`, n_restarts: life } }).run(10);
  t.equal(soak.of('STALL').length, 1);
  t.match(soak.last?.ending, { verdict: 'FAIL', reason: /3 stall restarts in a row/ });
});

t.test('a slow market, with a row now and then, is one QUIET record', async (t) => {
  const soak = new Soak({}, {}, { kept: null }).run(60);
  for (let i = 0; i < 20; i++) soak.set({ rowsPerS: 0 }).run(55).set({ rowsPerS: 1 }).run(5);
  t.equal(soak.of('QUIET').length, 1);
  soak.run(300).set({ rowsPerS: 0 }).run(60);
  t.equal(soak.of('QUIET').length, 2, 'another time is another record');
});

t.test('a machine that was paused with its engine is not a stall; one that stays frozen is', async (t) => {
  const paused = () => running().set({ rowsPerS: 0, heartbeat: false }).skip(3600);
  t.same(paused().run(10).set({ rowsPerS: 10, heartbeat: true }).run(600).of('STALL'), []);
  const frozen = paused();
  t.ok(frozen.until('STALL').at - frozen.at <= 15);
  const heldUp = running().set({ rowsPerS: 0, heartbeat: false });
  for (let look = 0; look < 3; look++) heldUp.skip(40);
  t.equal(heldUp.of('STALL').length, 1, 'a supervisor that is held up again and again finds it all the same');
});
