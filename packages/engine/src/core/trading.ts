import type { Config } from '@hybrid-soak/contract/config.ts';
import type { Market } from './market.ts';
import { type Executed, type Holding, ShadowExecution } from './shadow/execution.ts';
import type { OrderId } from './shadow/order-id.ts';
import { periodic, type Signal, type Strategy, smaCrossover } from './strategy/strategy.ts';
import type { Tick } from './tick.ts';

/** A signal with the id of the order that follows from it. */
export interface OrderSignal {
  signal: Signal;
  strategy: string;
  orderId: OrderId;
}

interface MarketState {
  strategy: Strategy;
  /** Signals on trades without an id. */
  signals: number;
  orderPrefix: string;
}

/** Strategies and simulated orders, each market on its own: BTC/USDT beside BTC/USD may not fake a crossover. */
export class Trading {
  readonly #config: Config;
  readonly #execution: ShadowExecution;
  /** By the market's index. */
  readonly #markets: MarketState[] = [];

  /** `held`: what earlier runs left. */
  constructor(config: Config, held: readonly Holding[]) {
    this.#config = config;
    const { mode, engine, risk_caps: caps, paper } = config;
    this.#execution = new ShadowExecution(
      {
        mode: mode === 'PAPER' ? 'PAPER' : 'SHADOW',
        quantity: engine.order_quantity,
        staleAfterMs: engine.stale_after_ms,
        caps,
        paper,
      },
      held,
    );
  }

  /** Values what is held and continues open orders; null if nothing came of it. */
  onTick(tick: Tick): Executed | null {
    return this.#execution.onTick(tick);
  }

  signalOf(tick: Tick): OrderSignal | null {
    const { market } = tick;
    const state = this.#markets[market.index] ?? this.#begin(market);
    const signal = state.strategy(tick);
    if (signal === null) return null;
    const { strategy } = this.#config.engine;
    const id = tick.tradeId ?? `${tick.ts}-${++state.signals}`;
    const { orderPrefix: prefix } = state;
    return { signal, strategy, orderId: typeof id === 'number' ? { prefix, number: id } : prefix + id };
  }

  /** `ageMs`: how long ago the tick was received. */
  execute({ signal, orderId }: OrderSignal, tick: Tick, ageMs: number): Executed {
    return this.#execution.execute(orderId, signal, tick, ageMs);
  }

  #begin({ index, venue, wire }: Market): MarketState {
    const { strategy: name, signal_every_n_ticks: every } = this.#config.engine;
    const strategy = name === 'sma' ? smaCrossover() : periodic(every);
    const state = { strategy, signals: 0, orderPrefix: `${venue}:${wire}:${name}:` };
    this.#markets[index] = state;
    return state;
  }
}
