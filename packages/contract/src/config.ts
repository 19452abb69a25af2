import { z } from 'zod';
import { fleetSchema } from './fleet-settings.ts';
import { EARLIER_MODES, INGEST_MODES, type IngestMode, ingestMode } from './modes.ts';
import { policySchema, thresholdsSchema } from './policy.ts';

/**
 * The shape of `config/config.toml` and `config/ws_sources.toml`. Every key has a default but the URLs that a mode needs;
 * an unknown key is a fault. Durations carry their unit in the name.
 */
const positive = z.number().int().positive();
const fraction = z.number().min(0).max(1);
const wsUrl = z
  .string()
  .refine(isWebSocketUrl, 'a ws:// or wss:// URL, for example "wss://stream.binance.com:9443/ws/btcusdt@trade"');

/** True for a syntactically valid ws: or wss: URL with a host and without a fragment (RFC 6455, section 3). */
export function isWebSocketUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (url.protocol === 'ws:' || url.protocol === 'wss:') && url.hostname !== '' && url.hash === '';
}

/** A host or an address, IPv6 in brackets, and a port up to 65535. */
const LISTEN = /^(\[[0-9a-fA-F:]+\]|[^\s:/]+):(\d{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/;

/** Keys of the earlier system; it had them in `[engine]`, `[app]` or at the top, and so they are accepted in all three. */
const earlierKeys = {
  run_seconds: z.number().min(0).max(2_147_483).optional().describe('stop with exit 0 after this long; 0 = run on'),
  heartbeat_interval_secs: z.number().min(1).max(86_400).optional().describe('interval of the heartbeat log line'),
};

export const configSchema = z.strictObject({
  ...earlierKeys,
  mode: z
    .string()
    .transform((mode) => mode.toUpperCase())
    .pipe(z.enum(['SHADOW', 'PAPER', 'LIVE']))
    .default('SHADOW'),
  live_armed: z.boolean().default(false),
  app: z
    .strictObject({
      ...earlierKeys,
      symbol: z.string().min(1).max(32).default('BTCUSD'),
      db_path: z.string().min(1).default('data/bot.db'),
    })
    .prefault({}),
  engine: z
    .strictObject({
      ...earlierKeys,
      ingest_mode: z
        .enum([...INGEST_MODES, ...(Object.keys(EARLIER_MODES) as (keyof typeof EARLIER_MODES)[])])
        .transform((text) => ingestMode(text) as IngestMode)
        .default('synthetic'),
      sample_every: z.number().int().min(1).max(1_000_000).default(1).describe('keep one trade frame in N'),
      coalesce_reads_ms: z
        .number()
        .int()
        .min(0)
        .max(250)
        .default(250)
        .describe('gather reads while throttled; 0 = off'),
      tick_interval_ms: z.number().min(0.01).max(3_600_000).default(500),
      start_price: z.number().positive().default(100),
      price_step: z.number().nonnegative().default(0.05),
      volume: z.number().positive().default(1),
      ws_url: wsUrl.optional(),
      replay_file: z.string().min(1).optional(),
      signal_every_n_ticks: positive.default(10),
      strategy: z.enum(['periodic', 'sma']).default('periodic'),
      order_quantity: z.number().positive().default(0.001),
      stale_after_ms: positive.default(5000).describe('a signal on a tick received longer ago is vetoed'),
      unreachable_deadline_s: z.number().min(1).max(86_400).default(120).describe('every source down: exit 10'),
      garbage_deadline_s: z.number().min(1).max(86_400).default(60).describe('nothing but malformed frames: exit 11'),
      overload_deadline_s: z.number().min(1).max(86_400).default(30).describe('the writer cannot keep up: exit 13'),
      log_level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
    })
    .prefault({}),
  connection: z
    .strictObject({
      handshake_timeout_ms: positive.default(10_000),
      first_frame_timeout_ms: positive.default(30_000).describe('to the first sign of life: frame, ping or pong'),
      ping_interval_ms: positive.default(20_000),
      pong_timeout_ms: positive.default(10_000),
      idle_timeout_ms: positive.default(60_000).describe('no sign of life at all'),
      trade_stale_ms: positive.default(300_000).describe('frames, but no trade'),
      subscribe_timeout_ms: positive.default(10_000),
      backoff_base_ms: positive.default(500),
      backoff_max_ms: positive.default(30_000),
      refused_backoff_ms: positive
        .default(300_000)
        .describe('after a refusal: closed 1008, HTTP 4xx, subscription rejected; a Retry-After of 429 and 418 wins'),
      healthy_after_ms: positive.default(60_000).describe('resets the backoff'),
      failback_probe_ms: positive.default(30_000),
      max_payload_bytes: positive.default(16_777_216),
    })
    .prefault({}),
  risk_caps: z
    .strictObject({
      max_exposure_usd: z.number().nonnegative().default(1000),
      max_symbol_exposure_usd: z.number().nonnegative().default(500),
      max_open_orders: z.number().int().nonnegative().default(5),
    })
    .prefault({}),
  paper: z
    .strictObject({
      fee_rate: fraction.default(0.001).describe('of the notional, each fill'),
      slippage_rate: fraction.default(0.0005),
      max_fill_quantity: z.number().positive().default(0.0005).describe('larger orders fill in parts'),
    })
    .prefault({}),
  channels: z
    .strictObject({
      ticks: positive.default(500_000).describe('rows that may wait for the disk; more are dropped and counted'),
      tick_channel_size: positive.optional().describe('of the earlier system; no effect'),
      signal_channel_size: positive.optional().describe('of the earlier system; no effect'),
      persist_channel_size: positive.optional().describe('of the earlier system; no effect'),
      market_capacity: positive.optional().describe('of the earlier system; no effect'),
    })
    .prefault({}),
  storage: z
    .strictObject({
      retain_days: z.number().nonnegative().default(0).describe('0 keeps everything'),
      flush_interval_ms: z.number().int().min(10).max(60_000).default(1000),
      batch_rows: z.number().int().min(1).max(100_000).default(5000),
      quarantine_max_rows: positive.default(1000),
      min_free_mb: z.number().nonnegative().default(200),
    })
    .prefault({}),
  metrics: z
    .strictObject({
      listen: z
        .string()
        .regex(LISTEN, 'HOST:PORT, for example "127.0.0.1:9464"')
        .optional()
        .describe("HOST:PORT of the engine's own /metrics; default: none"),
      textfile: z.string().min(1).optional().describe("a file for node_exporter's textfile collector; default: none"),
    })
    .prefault({}),
  dashboard: z
    .strictObject({
      host: z.string().default('127.0.0.1'),
      port: z.number().int().min(1).max(65535).default(8502),
      refresh_seconds: z.number().positive().default(2),
    })
    .prefault({}),
  fleet: fleetSchema.prefault({}),
  soak: z
    .strictObject({
      apply: z.enum(['restart', 'reload']).default('restart').describe('how a new sample_every reaches the engine'),
      policy: policySchema.prefault({}),
      thresholds: thresholdsSchema.prefault({}),
    })
    .prefault({}),
});

/** Public feeds that the engine understands; one file each in the engine's `feeds/exchanges/`. */
export const EXCHANGE_NAMES = [
  'binance',
  'gemini-v1',
  'gemini-v2',
  'gemini-v3',
  'coinbase-exchange',
  'coinbase-advanced',
  'kraken-v1',
  'kraken-v2',
  'bybit',
  'okx',
  'bitstamp',
  'bitfinex',
] as const;
export type ExchangeName = (typeof EXCHANGE_NAMES)[number];

export const sourcesSchema = z.strictObject({
  source: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(64),
        url: wsUrl,
        kind: z.string().default('ticker').describe('"ticker": the exchange is recognised by its frames'),
        priority: z.number().int().nonnegative().default(1).describe('lower is tried first'),
        symbol: z.string().min(1).max(32).optional().describe('the symbol on the wire; default: [app] symbol'),
        exchange: z.enum(EXCHANGE_NAMES).optional().describe('default: known by the URL'),
        venue: z
          .string()
          .min(1)
          .max(64)
          .optional()
          .describe('sources of one venue number the same trades; default: the host'),
        trade_stale_ms: positive.optional(),
        idle_timeout_ms: positive.optional(),
      }),
    )
    .min(1),
});

export type Config = z.infer<typeof configSchema>;
export type Sources = z.infer<typeof sourcesSchema>;
export type Source = Sources['source'][number];
