import { type EndReason, EXIT_OF_REASON } from '@hybrid-soak/contract/exit-codes.ts';
import type { Logger } from 'pino';
import type { Pipeline } from '../pipeline.ts';
import { within } from '../process/exit.ts';
import type { Writer } from '../store/writer.ts';

/** Within the unit's TimeoutStopSec. */
const LONGEST_DRAIN_MS = 20_000;
/** An overloaded disk is given this long to take the rest. */
const LAST_CHANCE_MS = 2000;

export interface RunEnding {
  /** The first reason counts. */
  end(reason: EndReason): void;
  ended: Promise<EndReason>;
}

/** From here on a signal is a clean stop, also one during start-up. */
export function awaitEnd(log: Logger): RunEnding {
  let end: (reason: EndReason) => void = () => {};
  const ended = new Promise<EndReason>((resolve) => {
    end = resolve;
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      log.info({ signal }, 'stopping');
      end('signal');
    });
  return { end, ended };
}

/** Commits what is left and logs the totals; the exit code, which is OVERLOAD if the disk does not take it in time. */
export async function finishRun(asked: EndReason, pipeline: Pipeline, writer: Writer, log: Logger): Promise<number> {
  const totals = JSON.stringify(pipeline.totals());
  const drainMs = asked === 'overload' ? LAST_CHANCE_MS : LONGEST_DRAIN_MS;
  const closed = await within(drainMs, writer.close({ reason: asked, exitCode: EXIT_OF_REASON[asked], totals }));
  const reason = closed === null ? 'overload' : asked;
  const code = EXIT_OF_REASON[reason];
  const unaccounted = pipeline.unaccounted();
  const pending = writer.pendingTicks();
  log.info({ code, reason, ticks_written: closed, pending, unaccounted, ...pipeline.totals() }, 'stopped');
  if (pending > 0) log.error({ pending }, 'ticks were lost: the disk did not take them in time');
  if (unaccounted !== 0) log.error({ unaccounted }, 'frames or trades were lost without being counted');
  return code;
}
