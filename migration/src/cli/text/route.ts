import type { RouteResult } from '../../steps/route.ts';
import { flagShare } from './flag-share.ts';
import { table } from './table.ts';

/** What the flags say, and whether the kill switch is on. */
export const routeText = (result: RouteResult): string =>
  [
    ...(result.killed
      ? [`kill switch is ON: every read of ${result.context} goes to its owner`]
      : []),
    table([
      ['flag', 'percent', 'other strategies'],
      ...result.flags.map((flag) => [
        flag.name,
        flag.exists ? flagShare(flag) : 'not made',
        String(flag.otherStrategies),
      ]),
    ]),
  ].join('\n');
