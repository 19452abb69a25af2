import type { Market } from '../market.ts';
import type { Signal } from '../strategy/strategy.ts';
import type { Tick } from '../tick.ts';
import type { OrderId } from './order-id.ts';
import { RecentOrders } from './recent-orders.ts';

export interface OrderRow {
  orderId: OrderId;
  ts: number;
  market: Market;
  source: string;
  side: 'BUY' | 'SELL';
  quantity: number;
  price: number;
  mode: 'SHADOW' | 'PAPER';
  state: 'NEW' | 'PARTIALLY_FILLED' | 'FILLED' | 'VETOED' | 'CANCELED';
  reason: string | null;
}

export interface FillRow {
  orderId: OrderId;
  ts: number;
  market: Market;
  side: 'BUY' | 'SELL';
  quantity: number;
  price: number;
  fee: number;
}

export interface ExecutionRules {
  mode: 'SHADOW' | 'PAPER';
  quantity: number;
  staleAfterMs: number;
  caps: { max_exposure_usd: number; max_symbol_exposure_usd: number; max_open_orders: number };
  paper: { fee_rate: number; slippage_rate: number; max_fill_quantity: number };
}

/** What is held of a market: signed, and the last price that was paid for it. Of schema 2 only the symbol is known. */
export interface Holding {
  venue: string | null;
  wire: string | null;
  symbol: string;
  quantity: number;
  price: number;
}

export interface Executed {
  orders: OrderRow[];
  fills: FillRow[];
}

/** An order that is not filled whole yet. */
interface OpenOrder {
  row: Omit<OrderRow, 'state' | 'reason' | 'price'>;
  left: number;
}

interface Position {
  quantity: number;
  /** The last price that was seen: what the position is valued at. */
  price: number;
  open: OpenOrder[];
}

/** What is left of a quantity below this share of it is rounding. */
const ROUNDING = 1e-9;
const signOf = (side: 'BUY' | 'SELL') => (side === 'BUY' ? 1 : -1);
const nothing = (): Executed => ({ orders: [], fills: [] });

/**
 * The simulated venue: pure, no socket, no order endpoint. SHADOW fills whole, at the tick's price, without a fee. PAPER fills
 * `max_fill_quantity` at the tick of the signal and at each later tick of the market, with slippage and fees; until then the
 * order is open. Every state of an order is a row, a veto with its reason too.
 *
 * No order makes a position pass a cap: exposure is what is held plus what open orders may still add, at the last price,
 * judged when an order is made and again at each fill. An order that makes a position smaller passes.
 */
export class ShadowExecution {
  readonly #rules: ExecutionRules;
  /** By the market's index; null if nothing is or was held. */
  readonly #positions: (Position | null)[] = [];
  /** What earlier runs left in markets that no tick has come from yet. */
  #held: Holding[];
  /** Order ids carry the tick's id, so only recent ones can come again. */
  readonly #seen = new RecentOrders();
  #openOrders = 0;

  /** `held`: what earlier runs left. */
  constructor(rules: ExecutionRules, held: readonly Holding[] = []) {
    this.#rules = rules;
    this.#held = [...held];
  }

  /** `ageMs`: how long ago the tick was received. The same `orderId` twice changes nothing. */
  execute(orderId: OrderId, signal: Signal, tick: Tick, ageMs: number): Executed {
    if (!this.#seen.add(orderId, tick.market)) return nothing();
    const { mode, quantity } = this.#rules;
    const row = { orderId, ts: tick.ts, market: tick.market, source: tick.source, side: signal.side, quantity, mode };
    const position = this.#positionOf(tick);
    const veto = this.#veto(signal, position, ageMs);
    if (veto !== null) return { orders: [{ ...row, price: tick.price, state: 'VETOED', reason: veto }], fills: [] };
    const order = { row, left: quantity };
    position.open.push(order);
    this.#openOrders++;
    const executed: Executed = {
      orders: [{ ...row, price: tick.price, state: 'NEW', reason: signal.reason }],
      fills: [],
    };
    this.#fill(order, position, tick, executed);
    return executed;
  }

  /** Values the market's position at the tick's price and continues its open orders; null if nothing came of it. */
  onTick(tick: Tick): Executed | null {
    const { index } = tick.market;
    let position = this.#positions[index];
    if (position === undefined) {
      position = this.#resumed(tick.market);
      this.#positions[index] = position;
    }
    if (position === null) return null;
    position.price = tick.price;
    if (position.open.length === 0) return null;
    const executed = nothing();
    for (const order of [...position.open]) this.#fill(order, position, tick, executed);
    return executed;
  }

  #positionOf({ market, price }: Tick): Position {
    const position = this.#positions[market.index] ?? this.#resumed(market) ?? { quantity: 0, price, open: [] };
    position.price = price;
    this.#positions[market.index] = position;
    return position;
  }

  /** What earlier runs hold of a market; a holding without a market is the first one's that is shown by its symbol. */
  #resumed({ venue, wire, symbol }: Market): Position | null {
    const isIt = (held: Holding) => held.venue === venue && held.wire === wire;
    const found = this.#held.find(isIt) ?? this.#held.find((held) => held.venue === null && held.symbol === symbol);
    if (found === undefined) return null;
    this.#held = this.#held.filter((held) => held !== found);
    return { quantity: found.quantity, price: found.price, open: [] };
  }

  #veto({ side }: Signal, position: Position, ageMs: number): string | null {
    const { caps, quantity, staleAfterMs } = this.#rules;
    if (ageMs > staleAfterMs) return `STALE_DATA: tick received ${Math.round(ageMs)} ms ago`;
    if (this.#openOrders >= caps.max_open_orders)
      return `RISK_CAP: ${this.#openOrders} orders are open of max_open_orders ${caps.max_open_orders}`;
    return this.#overCap(position, pending(position, side), signOf(side) * quantity);
  }

  /** Why `held` must not change by `change`; null if it may. */
  #overCap(position: Position, held: number, change: number): string | null {
    const { caps } = this.#rules;
    const next = held + change;
    if (Math.abs(next) <= Math.abs(held) && next * held >= 0) return null;
    const symbolUsd = Math.abs(next) * position.price;
    if (symbolUsd > caps.max_symbol_exposure_usd)
      return `RISK_CAP: symbol exposure would be ${symbolUsd.toFixed(2)} of ${caps.max_symbol_exposure_usd} USD`;
    let total = symbolUsd;
    for (const other of this.#positions) if (other && other !== position) total += exposure(other);
    for (const { quantity, price } of this.#held) total += Math.abs(quantity) * price;
    if (total > caps.max_exposure_usd)
      return `RISK_CAP: total exposure would be ${total.toFixed(2)} of ${caps.max_exposure_usd} USD`;
    return null;
  }

  /** One fill of an open order, or its end if the fill would pass a cap. */
  #fill(order: OpenOrder, position: Position, tick: Tick, executed: Executed): void {
    const { mode, paper, quantity: whole } = this.#rules;
    const row = { ...order.row, ts: tick.ts };
    const part = mode === 'SHADOW' ? order.left : Math.min(order.left, paper.max_fill_quantity);
    const quantity = order.left - part <= whole * ROUNDING ? order.left : part;
    const change = signOf(row.side) * quantity;
    const over = this.#overCap(position, position.quantity, change);
    if (over !== null) {
      executed.orders.push({ ...row, quantity: order.left, price: tick.price, state: 'CANCELED', reason: over });
      this.#close(order, position);
      return;
    }
    const price = mode === 'SHADOW' ? tick.price : tick.price * (1 + signOf(row.side) * paper.slippage_rate);
    const fee = mode === 'SHADOW' ? 0 : quantity * price * paper.fee_rate;
    position.quantity += change;
    order.left -= quantity;
    if (order.left === 0) this.#close(order, position);
    const { orderId, ts, market, side } = row;
    executed.fills.push({ orderId, ts, market, side, quantity, price, fee });
    const state = order.left === 0 ? 'FILLED' : 'PARTIALLY_FILLED';
    executed.orders.push({ ...row, quantity, price, state, reason: null });
  }

  #close(order: OpenOrder, position: Position): void {
    position.open.splice(position.open.indexOf(order), 1);
    this.#openOrders--;
  }
}

/** What is held once the open orders of one side are filled. */
function pending({ quantity, open }: Position, side: 'BUY' | 'SELL'): number {
  return open.reduce((held, { row, left }) => (row.side === side ? held + signOf(side) * left : held), quantity);
}

/** The most that a position may come to in USD, whichever of its open orders are filled. */
function exposure(position: Position): number {
  return Math.max(Math.abs(pending(position, 'BUY')), Math.abs(pending(position, 'SELL'))) * position.price;
}
