/// <reference lib="dom" />
import type { PageData } from '../page-data.ts';
import { el, numberText, spanText, tile } from './dom.ts';
import { keptText, progressText, soFarTiles } from './progress.ts';

/** Verdict, thresholds, and the run's numbers: what decides whether anybody reads on. */
export function summarySection(data: PageData, now: number | null = null): HTMLElement {
  const { verdict, summary } = data;
  const tone = verdictTone(verdict.word);
  const mark = tone === 'good' ? '✓' : tone === 'bad' ? '✗' : '○';
  const exit = verdict.exit_code === null ? '' : ` · exit code ${verdict.exit_code}`;
  const isRunning = verdict.word === 'RUNNING';
  const { rung, every } = data.decisions.at(-1) ?? { rung: '', every: null };
  const kept = keptText(every);
  const head = el(
    'div',
    { class: `verdict ${tone}`, title: verdict.means },
    el('strong', {}, isRunning ? `${mark} ${rung}` : `${mark} ${verdict.word}`),
    el(
      'span',
      {},
      isRunning ? `running, ${progressText(data, now)}${kept === '' ? '' : `, ${kept}`}` : `${verdict.reason}${exit}`,
    ),
  );
  const section = el('section', { class: 'card', id: 'summary' }, head);
  for (const note of data.notes) section.append(el('p', { class: 'note' }, note));
  if (summary === null) {
    section.append(el('div', { class: 'tiles' }, ...soFarTiles(data, isRunning ? now : null)));
    return section;
  }
  section.append(thresholdList(summary['thresholds']), rungBar(summary['time_per_rung_s']), tiles(summary));
  return section;
}

export function verdictTone(word: string): string {
  if (word === 'PASS' || word === 'COMPLETE') return 'good';
  return word === 'FAIL' || word === 'ABORT' || word === 'CONFIG_ERROR' ? 'bad' : 'open';
}

export function thresholdList(thresholds: unknown): HTMLElement {
  const list = el('ul', { class: 'thresholds' });
  for (const { name, limit, seen, ok, near } of Array.isArray(thresholds) ? thresholds : []) {
    const [tone, mark] = !ok ? ['bad', '✗'] : near === true ? ['near', '!'] : ['good', '✓'];
    const text = ` seen ${seen}${tone === 'near' ? ', near its limit' : ''}`;
    list.append(el('li', { class: tone }, `${mark} ${name} = ${limit}`, el('small', {}, text)));
  }
  return list;
}

/** Where the time went, as shares of one bar. */
export function rungBar(timePerRung: unknown): HTMLElement {
  const spans = Object.entries((timePerRung ?? {}) as Record<string, number>);
  const total = spans.reduce((sum, [, seconds]) => sum + seconds, 0);
  const bar = el('div', { class: 'bar', role: 'img', 'aria-label': 'time per rung' });
  const legend = el('ul', { class: 'legend' });
  spans.forEach(([rung, seconds], index) => {
    const share = total > 0 ? (100 * seconds) / total : 0;
    const part = el('i', { class: `rung${index}` });
    part.style.width = `${share}%`;
    if (share > 0) bar.append(part);
    legend.append(
      el(
        'li',
        {},
        el('i', { class: `rung${index}` }),
        `${rung} ${spanText(seconds)}`,
        el('small', {}, ` ${numberText(share)} %`),
      ),
    );
  });
  return el('div', { class: 'rungs' }, bar, legend);
}

export function tiles(summary: Record<string, unknown>): HTMLElement {
  const number = (field: string) => numberText(summary[field] as number | undefined);
  const pressure = (summary['pressure'] ?? {}) as Record<string, Record<string, number> | null>;
  return el(
    'div',
    { class: 'tiles' },
    tile('duration', spanText(Number(summary['duration_s'] ?? 0))),
    tile('ticks', number('ticks'), `${number('ticks_per_second')}/s`),
    tile('restarts', number('restarts')),
    tile('stalls', number('stalls')),
    tile('engine exits', number('engine_exits')),
    ...classTiles(summary['classes_s']),
    tile('ambient', spanText(Number(summary['ambient_s'] ?? 0)), "pressure over a limit that is others'"),
    ...Object.entries(pressure).map(([name, p]) =>
      tile(
        `PSI ${name}, median`,
        p === null ? 'unavailable' : `${p['p50']} %`,
        p === null
          ? ''
          : [`p95 ${p['p95']} · p99 ${p['p99']}`, ...withoutEngine(summary['baseline'], name)].join(' · '),
      ),
    ),
  );
}

/** The yardstick of a pressure: what was measured without the engine. */
export function withoutEngine(baseline: unknown, resource: string): string[] {
  const value = (baseline as Record<string, number | null> | null | undefined)?.[resource];
  return typeof value === 'number' ? [`${numberText(value)} % without the engine`] : [];
}

export const CLASS_NAMES: Record<string, string> = {
  unobserved: 'not observed',
  stopped: 'stopped by somebody',
  starting: 'starting',
  stalled: 'stalled',
  disconnected: 'every source down',
  over_engine: 'over a limit by the engine',
  over_quota: 'over a limit by its quota',
  over_unknown: 'over a limit, share unknown',
};

/** How the time was spent, but throttled and fine: those the rungs show. */
export function classTiles(classes: unknown): HTMLElement[] {
  if (typeof classes !== 'object' || classes === null) return [];
  return Object.entries(classes).flatMap(([name, seconds]) => {
    const label = CLASS_NAMES[name];
    return label === undefined || Number(seconds) < 0.5 ? [] : [tile(label, spanText(Number(seconds)))];
  });
}
