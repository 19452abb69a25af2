import type { Curve, POWERS } from './study.ts';

const [WIDTH, HEIGHT, LEFT, TOP, INNER_W, INNER_H] = [640, 360, 56, 24, 440, 280];
const COLOURS = ['#9a6700', '#0969da', '#1a7f37'];

/** The curve of power as an SVG: how often a leak is found, by its size and the length of the soak. */
export function drawn(curves: readonly Curve[], { leaks }: typeof POWERS): string {
  const most = Math.max(...leaks);
  const x = (leak: number) => LEFT + (leak / most) * INNER_W;
  const y = (share: number) => TOP + (1 - share) * INNER_H;
  const text = (px: number, py: number, said: string, anchor = 'middle') =>
    `<text x="${px}" y="${py}" text-anchor="${anchor}">${said}</text>`;
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    `<path d="M${LEFT} ${y(share)}h${INNER_W}" stroke="#d0d7de" fill="none"/>`,
    text(LEFT - 8, y(share) + 4, `${share * 100} %`, 'end'),
  ]);
  const ticks = leaks.filter((leak) => leak % 0.5 === 0).map((leak) => text(x(leak), TOP + INNER_H + 18, String(leak)));
  const lines = curves.flatMap(({ hours, found }, n) => {
    const points = found.map((share, at) => `${x(leaks[at] as number).toFixed(1)},${y(share).toFixed(1)}`);
    const colour = COLOURS[n % COLOURS.length];
    const [last = ''] = points.slice(-1);
    const at = TOP + 20 + n * 20;
    return [
      `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      `<circle cx="${last.split(',')[0]}" cy="${last.split(',')[1]}" r="3" fill="${colour}"/>`,
      `<path d="M${LEFT + INNER_W + 16} ${at - 4}h20" stroke="${colour}" stroke-width="2"/>`,
      text(LEFT + INNER_W + 42, at, `soak of ${hours} h`, 'start'),
    ];
  });
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" role="img">`,
    '<title>How often a leak is found, by its size and the length of the soak</title>',
    '<!-- npm run study -- --picture ops/pictures/drift-power.svg -->',
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    ...grid,
    ...ticks,
    ...lines,
    text(LEFT + INNER_W / 2, TOP + INNER_H + 40, 'leak, MiB/h (threshold 0.5); share of the soaks that call it drift'),
    '</svg>',
  ].join('\n')}\n`;
}
