import type { HttpMethod } from '@strangler-toolkit/plan';
import { z } from 'zod';
import { type FoundRoute, isBelow, RouteNames, routeMethods } from './found-route.ts';

/** One request that somebody recorded. */
export interface RecordedRequest {
  readonly method: string;
  /** Path, with or without a query, or an absolute address. */
  readonly target: string;
  readonly status?: number;
  /** So often; once unless said. */
  readonly times?: number;
}

const har = z.object({
  log: z.object({
    entries: z.array(
      z.object({
        request: z.object({ method: z.string(), url: z.string() }),
        response: z.object({ status: z.number() }).optional(),
      }),
    ),
  }),
});

// the request line in quotes and the status after it: Common Log Format, and every format that begins with it
const logLine = /"([A-Z]+) (\S+) HTTP\/[\d.]+" (\d{3})/;

const jsonLine = z.record(z.string(), z.unknown());

/** A line that is none, `skipped`: of a facade's log, and about something else, or a request that a context claims already. */
function requestOf(line: unknown): RecordedRequest | 'skipped' | undefined {
  const { data } = jsonLine.safeParse(line);
  if (data && isFacadeLine(data) && (data['msg'] !== 'request' || data['context'] !== ''))
    return 'skipped';
  const first = (...names: string[]): unknown =>
    names.map((name) => data?.[name]).find((value) => value !== undefined);
  const method = first('method', 'request_method', 'verb');
  const target = first('path', 'url', 'uri', 'request_uri', 'target');
  if (typeof method !== 'string' || typeof target !== 'string') return undefined;
  const status = Number(first('status', 'status_code', 'statusCode'));
  return { method, target, ...(Number.isInteger(status) && { status }) };
}

const isFacadeLine = ({
  level,
  time,
  name,
  msg,
  method,
  reason,
}: Record<string, unknown>): boolean =>
  typeof level === 'number' &&
  typeof time === 'number' &&
  typeof name === 'string' &&
  typeof msg === 'string' &&
  (method === undefined || reason !== undefined);

/** Requests of a HAR file, of an access log (common, combined) or of JSON lines; `unread`: lines that are none of these. */
export function recordedRequests(text: string): { requests: RecordedRequest[]; unread: number } {
  const whole = parsed(text);
  const archive = har.safeParse(whole);
  if (archive.success)
    return {
      requests: archive.data.log.entries.map(({ request, response }) => ({
        method: request.method,
        target: request.url,
        ...(response && { status: response.status }),
      })),
      unread: 0,
    };
  const requests: RecordedRequest[] = [];
  let unread = 0;
  for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
    const [, method, target, status] = logLine.exec(line) ?? [];
    if (method !== undefined && target !== undefined) {
      requests.push({ method, target, status: Number(status) });
      continue;
    }
    const request = requestOf(parsed(line));
    if (request === undefined) unread += 1;
    else if (request !== 'skipped') requests.push(request);
  }
  return { requests, unread };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const asset = /\.(?:css|js|mjs|map|png|jpe?g|gif|svg|ico|webp|avif|woff2?|ttf|eot|txt|xml)$/i;
/** Also what is written with percent signs: a route's words are plain text. */
const identifier =
  /^(?:.*[%:*()[\]{}\\].*|\d+|[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}|[\da-f]{16,}|[\dA-HJKMNP-TV-Z]{26})$/i;
/** So many different words at one place of a path are no words of the program. */
const manyWords = 12;

const isRouted = (method: string): method is HttpMethod =>
  routeMethods.some((known) => known === method);

/**
 * Routes that recorded requests suggest, the most asked first: identifiers in paths become parameters, files of pages and what
 * did not exist (404, 405) are left out.
 */
export function trafficRoutes(
  requests: readonly RecordedRequest[],
  prefixes: readonly string[],
): (FoundRoute & { readonly requests: number })[] {
  const counts = new Map<string, number>();
  for (const { method, target, status, times = 1 } of requests) {
    const path = pathOf(target);
    if (path === undefined || !isRouted(method) || status === 404 || status === 405) continue;
    if (asset.test(path) || !isBelow(path, prefixes)) continue;
    const key = `${method} ${withParameters(path)}`;
    counts.set(key, (counts.get(key) ?? 0) + times);
  }
  const names = new RouteNames();
  return [...collapsed(counts)]
    .toSorted(([one, asked], [other, more]) => more - asked || (one < other ? -1 : 1))
    .flatMap(([key, asked]) => {
      const [method = '', path = ''] = key.split(' ');
      if (!isRouted(method)) return [];
      const kind = method === 'GET' ? 'read' : 'write';
      return [{ name: names.of(key), method, path: numbered(path), kind, requests: asked }];
    });
}

function pathOf(target: string): string | undefined {
  const path = /^https?:/i.test(target) ? URL.parse(target)?.pathname : target.split(/[?#]/)[0];
  // the sign of omission: what a facade told shortened
  return path?.startsWith('/') && !/\/\/|\/\.{1,2}(?:\/|$)|…/.test(path)
    ? path.replace(/(.)\/$/, '$1')
    : undefined;
}

const withParameters = (path: string): string =>
  path
    .split('/')
    .map((segment) => (identifier.test(segment) ? ':id' : segment))
    .join('/');

/** Names, slugs and codes: places of a path at which many different words stand become parameters, from the left. */
function collapsed(counts: ReadonlyMap<string, number>): Map<string, number> {
  let routes = new Map(counts);
  const depth = Math.max(0, ...[...routes.keys()].map((key) => key.split('/').length));
  for (let place = 1; place < depth; place++) {
    const before = (key: string): string => key.split('/').slice(0, place).join('/');
    const words = new Map<string, Set<string>>();
    for (const key of routes.keys()) {
      const segment = key.split('/')[place];
      if (segment === undefined || segment === ':id') continue;
      const known = words.get(before(key)) ?? new Set();
      words.set(before(key), known.add(segment));
    }
    const next = new Map<string, number>();
    for (const [key, asked] of routes) {
      const segments = key.split('/');
      const many = place > 1 && (words.get(before(key))?.size ?? 0) >= manyWords;
      if (many && segments[place] !== undefined) segments[place] = ':id';
      const merged = segments.join('/');
      next.set(merged, (next.get(merged) ?? 0) + asked);
    }
    routes = next;
  }
  return routes;
}

/** `/a/:id/b/:id` → `/a/:id/b/:id2`: a route names each parameter once; what it does not understand is a letter of the path. */
function numbered(path: string): string {
  let number = 0;
  return path
    .split('/')
    .map((segment) => (segment === ':id' ? `:id${++number > 1 ? number : ''}` : segment))
    .join('/');
}
