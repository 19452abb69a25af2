/**
 * Names an order for good. Most are a text of the market and the number of a trade: put together here, each number's text would
 * stay in V8's cache of them long enough to be collected by nothing but a full collection.
 */
export type OrderId = string | { prefix: string; number: number };
