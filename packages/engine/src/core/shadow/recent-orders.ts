import { RecentIds } from '../dedupe/recent-ids.ts';
import type { Market } from '../market.ts';
import type { OrderId } from './order-id.ts';

/** Orders that are remembered at least. */
const ORDERS = 10_000;
/** A power of two, at most two thirds of which are used. */
const SLOTS = 16_384;
const BITS = 14;

/**
 * The latest orders, by market and number, or by the text that is their id. Numbers are kept in arrays of a fixed size: as texts in
 * a Set they outlive the young generation and are most of what V8 has to collect.
 */
export class RecentOrders {
  readonly #texts = new RecentIds(ORDERS);
  #young = new Numbers();
  #old = new Numbers();

  /** Whether it was not there before. */
  add(orderId: OrderId, { index }: Market): boolean {
    if (typeof orderId === 'string') return this.#texts.add(orderId);
    const { number } = orderId;
    if (this.#old.has(index, number) || this.#young.has(index, number)) return false;
    if (this.#young.size === ORDERS) {
      const forgotten = this.#old;
      this.#old = this.#young;
      this.#young = forgotten;
      forgotten.clear();
    }
    this.#young.add(index, number);
    return true;
  }
}

/** Pairs of a market's index and a number, in a hash table with linear probing. */
class Numbers {
  size = 0;
  readonly #numbers = new Float64Array(SLOTS).fill(Number.NaN);
  readonly #markets = new Uint32Array(SLOTS);

  has(market: number, number: number): boolean {
    return this.#numbers[this.#slotOf(market, number)] === number;
  }

  add(market: number, number: number): void {
    const slot = this.#slotOf(market, number);
    this.#numbers[slot] = number;
    this.#markets[slot] = market;
    this.size++;
  }

  clear(): void {
    this.size = 0;
    this.#numbers.fill(Number.NaN);
  }

  /** Where the pair is, or the empty slot where it would be. */
  #slotOf(market: number, number: number): number {
    const high = Math.imul(number / 2 ** 32, 0xc2b2ae35) ^ Math.imul(market, 0x85ebca6b);
    let slot = Math.imul((number | 0) ^ high, 0x9e3779b1) >>> (32 - BITS);
    for (; ; slot = (slot + 1) % SLOTS) {
      const there = this.#numbers[slot] as number;
      if (Number.isNaN(there) || (there === number && this.#markets[slot] === market)) return slot;
    }
  }
}
