import type { Request } from 'express';

/** The route's pattern, never the path: ids in labels would grow without bound. */
export function routeLabel(request: Request): string {
  const route: unknown = request.route;
  const path =
    typeof route === 'object' && route !== null && 'path' in route ? route.path : undefined;
  return typeof path === 'string' ? request.baseUrl + path : 'unmatched';
}
