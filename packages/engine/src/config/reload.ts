import { formatFault } from '@hybrid-soak/contract/fault.ts';
import type { Logger } from 'pino';
import { changedKeys, LIVE_KEYS } from '../core/reload.ts';
import type { Loaded } from './loaded.ts';

/**
 * SIGHUP: reads the configuration again. `sample_every` and `log_level` apply at once without dropping a connection; other
 * changed keys are logged as needing a restart. A faulty file changes nothing.
 */
export async function reload(loaded: Loaded, sampler: { every: number }, log: Logger): Promise<void> {
  const again = await loaded.again();
  if (!again.ok) {
    log.error({ faults: again.faults.map(formatFault) }, 'not reloaded: the configuration is not valid');
    return;
  }
  const { config, sources } = again.value;
  const changed = changedKeys({ ...loaded.config, sources: loaded.sources }, { ...config, sources });
  const isLive = (key: string) => (LIVE_KEYS as readonly string[]).includes(key);
  loaded.config.engine.sample_every = config.engine.sample_every;
  loaded.config.engine.log_level = config.engine.log_level;
  sampler.every = config.engine.sample_every;
  log.level = config.engine.log_level;
  const [applied, needs_restart] = [changed.filter(isLive), changed.filter((key) => !isLive(key))];
  log.info({ applied, needs_restart, sample_every: sampler.every }, 'reloaded');
}
