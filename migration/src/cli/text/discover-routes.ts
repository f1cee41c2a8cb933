import type { DiscoveredRoute } from '../../steps/routes/discover-routes.ts';
import { table } from './table.ts';

/** What no context claims, with how often it was asked; writes stand first. */
export function discoveredText(found: readonly DiscoveredRoute[]): string {
  if (found.length === 0)
    return 'nothing: no facade told of a request that no context claims, within the last week';
  const writes = found.filter(({ kind }) => kind === 'write').length;
  return [
    table([
      ['method', 'path', 'kind', 'requests', 'last', 'beside routes of'],
      ...found.map(({ method, path, kind, requests, lastAt, near }) => [
        method,
        path,
        kind,
        String(requests),
        lastAt,
        near.join(', '),
      ]),
    ]),
    `${found.length} of the last week, ${writes} of them writes; all pass to the monolith`,
  ].join('\n');
}
