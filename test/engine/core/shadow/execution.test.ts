import type { Market } from '@hybrid-soak/engine/core/market.ts';
import {
  type Executed,
  type ExecutionRules,
  type OrderRow,
  ShadowExecution,
} from '@hybrid-soak/engine/core/shadow/execution.ts';
import fc from 'fast-check';
import t from 'tap';
import { marketsOf } from '../../ticks.ts';

const rules: ExecutionRules = {
  mode: 'SHADOW',
  quantity: 2,
  staleAfterMs: 5000,
  caps: { max_exposure_usd: 1000, max_symbol_exposure_usd: 500, max_open_orders: 5 },
  paper: { fee_rate: 0.001, slippage_rate: 0.0005, max_fill_quantity: 0.5 },
};
const markets = marketsOf('BTCUSD', 'ETHUSD', 'SOLUSD');
const marketOf = (symbol: string) => markets.find((market) => market.symbol === symbol) as Market;
const tick = (price: number, symbol = 'BTCUSD') => ({
  market: marketOf(symbol),
  source: 's',
  price,
  volume: 1,
  ts: 1,
  tradeId: null,
});
const buy = { side: 'BUY' as const, reason: 'test' };
const sell = { side: 'SELL' as const, reason: 'test' };

t.test('a shadow order fills whole, at the price of its tick, without a fee', async (t) => {
  const { orders, fills } = new ShadowExecution(rules).execute('a', buy, tick(100), 0);
  t.match(orders, [
    { state: 'NEW', mode: 'SHADOW' },
    { state: 'FILLED', quantity: 2, price: 100 },
  ]);
  t.match(fills, [{ quantity: 2, price: 100, fee: 0 }]);
});

t.test(
  'a paper order fills in parts, one a tick of its symbol, with slippage against it and a fee on each',
  async (t) => {
    const execution = new ShadowExecution({ ...rules, mode: 'PAPER' });
    const first = execution.execute('a', buy, tick(100), 0);
    t.match(first.orders, [
      { state: 'NEW', quantity: 2 },
      { state: 'PARTIALLY_FILLED', quantity: 0.5 },
    ]);
    t.equal(execution.onTick(tick(100, 'ETHUSD')), null, "another symbol's ticks are not its own");
    const later = [110, 120, 130].map((price) => execution.onTick({ ...tick(price), ts: price }));
    t.match(
      later.map((executed) => executed?.orders),
      [[{ state: 'PARTIALLY_FILLED', ts: 110 }], [{ state: 'PARTIALLY_FILLED' }], [{ state: 'FILLED', ts: 130 }]],
    );
    for (const [at, price] of [100, 110, 120, 130].entries()) {
      const fill = [first, ...later][at]?.fills[0];
      t.match(fill, { quantity: 0.5, price: price * 1.0005, fee: 0.5 * (price * 1.0005) * 0.001 });
    }
    t.equal(execution.onTick(tick(100)), null, 'and it is over');
  },
);

t.test('while as many orders are open as may be, another is vetoed', async (t) => {
  const caps = { ...rules.caps, max_open_orders: 1 };
  const execution = new ShadowExecution({ ...rules, mode: 'PAPER', caps });
  execution.execute('a', buy, tick(10), 0);
  t.match(execution.execute('b', sell, tick(10), 0).orders, [
    { state: 'VETOED', reason: 'RISK_CAP: 1 orders are open of max_open_orders 1' },
  ]);
  for (const _ of [1, 2, 3]) execution.onTick(tick(10));
  t.match(execution.execute('c', sell, tick(10), 0).orders[0], { state: 'NEW' });
});

t.test('open orders count as exposure, and one whose next fill would pass a cap is cancelled', async (t) => {
  const execution = new ShadowExecution({ ...rules, mode: 'PAPER' });
  execution.execute('a', buy, tick(100), 0);
  execution.execute('b', buy, tick(100), 0);
  t.match(execution.execute('c', buy, tick(100), 0).orders, [{ reason: /symbol exposure would be 600\.00 of 500/ }]);
  t.match(execution.onTick(tick(400))?.orders, [
    { orderId: 'a', state: 'CANCELED', quantity: 1.5, price: 400, reason: /exposure would be 600\.00 of 500/ },
    { orderId: 'b', state: 'CANCELED', quantity: 1.5 },
  ]);
  t.equal(execution.onTick(tick(100)), null);
});

t.test('what earlier runs hold counts', async (t) => {
  const held = [
    { venue: 'test', wire: 'BTCUSD', symbol: 'BTCUSD', quantity: 4, price: 100 },
    { venue: null, wire: null, symbol: 'ETHUSD', quantity: -3, price: 100 },
  ];
  const after = (signal: typeof buy | typeof sell, symbol: string, most: number) =>
    new ShadowExecution({ ...rules, caps: { ...rules.caps, max_exposure_usd: most } }, held).execute(
      'a',
      signal,
      tick(100, symbol),
      0,
    ).orders;
  t.match(after(buy, 'BTCUSD', 1000), [{ reason: /symbol exposure would be 600/ }]);
  t.match(after(sell, 'ETHUSD', 850), [{ reason: /total exposure would be 900/ }]);
  t.match(after(sell, 'BTCUSD', 0).at(-1), { state: 'FILLED' }, 'it may be made smaller');
});

t.test('a holding belongs to its market, not to the symbol that is shown', async (t) => {
  const [usd, usdt] = ['BTC-USD', 'BTC-USDT'].map((wire, index) => ({ index, venue: 'test', wire, symbol: 'BTCUSD' }));
  const at = (market: Market | undefined) => ({ ...tick(100), market: market as Market });
  const held = [{ venue: 'test', wire: 'BTC-USDT', symbol: 'BTCUSD', quantity: 4, price: 100 }];
  const execution = new ShadowExecution(rules, held);
  t.match(execution.execute('a', buy, at(usd), 0).orders.at(-1), { state: 'FILLED' }, 'it holds nothing yet');
  t.match(execution.execute('b', buy, at(usdt), 0).orders, [{ reason: /symbol exposure would be 600/ }]);
  t.match(execution.execute('c', sell, at(usd), 0).fills, [{ market: usd, side: 'SELL' }]);
});

t.test('vetoes are rows with their reason', async (t) => {
  const veto = (rule: Partial<ExecutionRules>, price: number, age: number) =>
    new ShadowExecution({ ...rules, ...rule }).execute('a', buy, tick(price), age).orders;
  t.match(veto({}, 100, 5001), [{ state: 'VETOED', reason: /^STALE_DATA/ }]);
  t.match(veto({}, 251, 0), [{ state: 'VETOED', reason: /^RISK_CAP: symbol exposure would be 502\.00 of 500/ }]);
  t.match(veto({ caps: { ...rules.caps, max_open_orders: 0 } }, 1, 0), [
    { reason: /^RISK_CAP: 0 orders are open of max_open_orders 0/ },
  ]);
  const total = new ShadowExecution({ ...rules, caps: { ...rules.caps, max_exposure_usd: 600 } });
  total.execute('a', buy, tick(200), 0);
  t.match(total.execute('b', buy, tick(200, 'ETHUSD'), 0).orders, [
    { reason: /^RISK_CAP: total exposure would be 800/ },
  ]);
});

t.test('a sell that makes the exposure smaller is never vetoed by a cap', async (t) => {
  const execution = new ShadowExecution(rules);
  for (const id of ['a', 'b']) execution.execute(id, buy, tick(100), 0);
  for (const id of ['c', 'd'])
    t.match(execution.execute(id, sell, tick(100_000), 0).orders.at(-1), { state: 'FILLED' });
});

interface Event {
  id: number;
  side: 'BUY' | 'SELL' | null;
  symbol: string;
  price: number;
  age: number;
}

/** Signals, some of them again, and ticks without one. */
const events: fc.Arbitrary<Event[]> = fc.array(
  fc.record({
    id: fc.integer({ min: 0, max: 40 }),
    side: fc.constantFrom('BUY', 'SELL', null),
    symbol: fc.constantFrom('BTCUSD', 'ETHUSD', 'SOLUSD'),
    price: fc.double({ min: 0.01, max: 400, noNaN: true }),
    age: fc.constantFrom(0, 0, 0, 9000),
  }),
  { maxLength: 150 },
);
const anyRules: fc.Arbitrary<ExecutionRules> = fc.record({
  mode: fc.constantFrom('SHADOW', 'PAPER'),
  quantity: fc.double({ min: 0.001, max: 5, noNaN: true }),
  staleAfterMs: fc.constant(5000),
  caps: fc.record({
    max_exposure_usd: fc.integer({ min: 0, max: 1500 }),
    max_symbol_exposure_usd: fc.integer({ min: 0, max: 1000 }),
    max_open_orders: fc.integer({ min: 0, max: 4 }),
  }),
  paper: fc.record({
    fee_rate: fc.double({ min: 0, max: 0.1, noNaN: true }),
    slippage_rate: fc.double({ min: 0, max: 0.1, noNaN: true }),
    max_fill_quantity: fc.double({ min: 0.01, max: 3, noNaN: true }),
  }),
});

/** What came of one event, as the pipeline would have it. */
function happen(execution: ShadowExecution, { id, side, symbol, price, age }: Event): Executed {
  const advanced = execution.onTick(tick(price, symbol)) ?? { orders: [], fills: [] };
  if (side === null) return advanced;
  const { orders, fills } = execution.execute(String(id), { side, reason: 't' }, tick(price, symbol), age);
  return { orders: [...advanced.orders, ...orders], fills: [...advanced.fills, ...fills] };
}

const run = (execution: ShadowExecution, list: Event[]): Executed[] => list.map((event) => happen(execution, event));

function check(what: string, holds: boolean): void {
  if (!holds) throw new Error(what);
}

const sign = (side: 'BUY' | 'SELL') => (side === 'BUY' ? 1 : -1);

t.test(
  'money adds up: cash + position x price + fees = 0 to the cent, for every fill and for all of them',
  async () => {
    fc.assert(
      fc.property(events, anyRules, (list, its) => {
        let [cash, paid, fees] = [0, 0, 0];
        for (const { fills } of run(new ShadowExecution(its), list))
          for (const { side, quantity, price, fee } of fills) {
            const own = -sign(side) * quantity * price - fee;
            check('a fill', Math.abs(own + sign(side) * quantity * price + fee) < 0.005 && fee >= 0);
            cash += own;
            paid += sign(side) * quantity * price;
            fees += fee;
          }
        check('the sum', Math.abs(cash + paid + fees) < 0.005);
      }),
    );
  },
);

t.test('no fill that makes a position larger leaves the symbol or the whole above its cap', async () => {
  fc.assert(
    fc.property(events, anyRules, (list, its) => {
      const execution = new ShadowExecution(its);
      const held = new Map<string, { quantity: number; price: number }>();
      for (const event of list) {
        const known = held.get(event.symbol);
        if (known !== undefined) known.price = event.price;
        for (const { market, side, quantity } of happen(execution, event).fills) {
          const { symbol } = market;
          const before = held.get(symbol)?.quantity ?? 0;
          const after = before + sign(side) * quantity;
          held.set(symbol, { quantity: after, price: event.price });
          if (Math.abs(after) <= Math.abs(before)) continue;
          const usd = [...held.values()].reduce((sum, { quantity: q, price }) => sum + Math.abs(q) * price, 0);
          check('the symbol', Math.abs(after) * event.price <= its.caps.max_symbol_exposure_usd + 1e-6);
          check('the whole', usd <= its.caps.max_exposure_usd + 1e-6);
        }
      }
    }),
    { numRuns: 500 },
  );
});

t.test('an order is a row when it is new, at each fill, and when it ends; its fills come to its quantity', async () => {
  fc.assert(
    fc.property(events, anyRules, (list, its) => {
      const open = new Map<OrderRow['orderId'], number>();
      for (const { orders, fills } of run(new ShadowExecution(its), list)) {
        check('a fill without its row', orders.filter(({ state }) => /FILLED/.test(state)).length === fills.length);
        for (const { orderId, state, quantity } of orders) {
          if (state === 'VETOED') continue;
          const left = open.get(orderId);
          if (state === 'NEW') {
            check('twice', left === undefined);
            open.set(orderId, quantity);
            check('too many are open', open.size <= its.caps.max_open_orders);
            continue;
          }
          check('a row of no open order', left !== undefined);
          const after = (left as number) - quantity;
          check('more than it was for', after > -1e-9);
          if (state === 'PARTIALLY_FILLED') open.set(orderId, after);
          else {
            check('it ends with something left', Math.abs(after) < 1e-9);
            open.delete(orderId);
          }
        }
      }
    }),
    { numRuns: 500 },
  );
});

t.test('the same signals twice change nothing', async () => {
  fc.assert(
    fc.property(events, anyRules, (list, its) => {
      const execution = new ShadowExecution(its);
      run(execution, list);
      const again = list.flatMap(({ id, side, symbol, price, age }) =>
        side === null ? [] : [execution.execute(String(id), { side, reason: 't' }, tick(price, symbol), age)],
      );
      check(
        'doubled',
        again.every(({ orders, fills }) => orders.length + fills.length === 0),
      );
    }),
  );
});

t.test('the same events give the same rows', async (t) => {
  fc.assert(
    fc.property(events, anyRules, (list, its) => {
      const [first, second] = [1, 2].map(() => JSON.stringify(run(new ShadowExecution(its), list)));
      check('they differ', first === second);
    }),
  );
  t.pass();
});
