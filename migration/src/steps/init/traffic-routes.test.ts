import { describe, expect, test } from '@jest/globals';
import { recordedRequests, trafficRoutes } from './traffic-routes.ts';

const asked = (...targets: string[]) =>
  targets.map((each) => {
    const [method = '', target = ''] = each.split(' ');
    return { method, target };
  });
const routes = (requests: Parameters<typeof trafficRoutes>[0], prefixes: string[] = []) =>
  trafficRoutes(requests, prefixes).map(
    ({ method, path, kind, requests: count }) => `${count} ${kind} ${method} ${path}`,
  );

describe('routes from recorded requests', () => {
  test('are the templates of their paths, the most asked first, each with a name of its own', () => {
    const found = trafficRoutes(
      asked(
        'GET /api/items/1',
        'GET /api/items/2?full=1',
        'GET https://shop.example/api/items/3/',
        'POST /api/items',
        'PUT /api/items/7f3d2c1a-0b1c-4d2e-8f3a-1b2c3d4e5f60/parts/9',
        'GET /api/items/01ARZ3NDEKTSV4RRFFQ69G5FAV',
      ),
      [],
    );
    expect(found).toEqual([
      {
        name: 'get-api-items-id',
        method: 'GET',
        path: '/api/items/:id',
        kind: 'read',
        requests: 4,
      },
      { name: 'post-api-items', method: 'POST', path: '/api/items', kind: 'write', requests: 1 },
      {
        name: 'put-api-items-id-parts-id',
        method: 'PUT',
        path: '/api/items/:id/parts/:id2',
        kind: 'write',
        requests: 1,
      },
    ]);
  });

  test('leave out what did not exist, files of pages, other methods and other paths', () => {
    expect(
      routes(
        [
          ...asked('GET /api/a', 'GET /api/style.css', 'OPTIONS /api/a', 'GET /other', 'GET /apis'),
          { method: 'GET', target: '/api/gone', status: 404 },
          { method: 'DELETE', target: '/api/a', status: 405 },
          { method: 'GET', target: '/api/b', status: 500 },
        ],
        ['/api'],
      ),
    ).toEqual(['1 read GET /api/a', '1 read GET /api/b']);
  });

  test('take a place where many words stand for a parameter, and fewer for words', () => {
    const slugs = Array.from(
      { length: 12 },
      (_, n) => `GET /shop/${'abcdefghijkl'[n]}-chair/price`,
    );
    expect(routes(asked(...slugs))).toEqual(['12 read GET /shop/:id/price']);
    expect(routes(asked(...slugs.slice(1)))).toHaveLength(11);
    // the first word tells parts of the program apart, however many there are
    const parts = Array.from({ length: 13 }, (_, n) => `GET /${'abcdefghijklm'[n]}`);
    expect(routes(asked(...parts))).toHaveLength(13);
  });

  test('count what was told several times at once', () => {
    const times = [2, 3].map((n) => ({ method: 'GET', target: `/a/${n}`, times: n }));
    expect(routes(times)).toEqual(['5 read GET /a/:id']);
  });

  test('never hold what a route may not: percent signs, empty and dot segments, its own signs', () => {
    expect(
      routes(asked('GET /a/x%2Fy', 'GET /a//b', 'GET /a/../b', 'GET /a/:b', 'GET /a/b*c')),
    ).toEqual(['3 read GET /a/:id']);
  });
});

describe('recorded requests', () => {
  test('of an access log, common or combined', () => {
    const line = (request: string, status: number) =>
      `127.0.0.1 - - [10/Oct/2026:13:55:36 +0000] "${request}" ${status} 2326 "-" "curl/8"`;
    expect(
      recordedRequests(
        `${line('GET /a?b=1 HTTP/1.1', 200)}\n${line('POST /c HTTP/2.0', 404)}\n\nno request\n`,
      ),
    ).toEqual({
      requests: [
        { method: 'GET', target: '/a?b=1', status: 200 },
        { method: 'POST', target: '/c', status: 404 },
      ],
      unread: 1,
    });
  });

  test('of JSON lines, under the names that servers use', () => {
    expect(
      recordedRequests(
        '{"request_method":"GET","request_uri":"/a","status":"404"}\n{"method":"PUT","url":"/b"}\n{"level":30}',
      ),
    ).toEqual({
      requests: [
        { method: 'GET', target: '/a', status: 404 },
        { method: 'PUT', target: '/b' },
      ],
      unread: 1,
    });
  });

  test('of a facade’s log: what no context claims, its path without identifiers; other lines are no requests', () => {
    const line = (more: object) =>
      JSON.stringify({ level: 30, time: 1, name: 'facade-1', ...more });
    const request = { method: 'PUT', path: '/stock/:id', status: 200, reason: 'unclaimed' };
    const of = (more: object) => line({ ...request, msg: 'request', context: '', ...more });
    const { requests, unread } = recordedRequests(
      [
        line({ msg: 'listening', port: 8080 }),
        of({}),
        of({ context: 'catalog', reason: 'owner' }),
        of({ path: '/a;…' }),
        'no line',
      ].join('\n'),
    );
    expect([requests.length, unread]).toEqual([2, 1]);
    expect(routes(requests)).toEqual(['1 write PUT /stock/:id']);
  });

  test('of a HAR file', () => {
    const entry = (url: string, status: number) => ({
      request: { method: 'GET', url },
      response: { status },
    });
    const har = { log: { entries: [entry('http://x/a', 200), entry('http://x/b', 404)] } };
    expect(recordedRequests(JSON.stringify(har, null, 2))).toEqual({
      requests: [
        { method: 'GET', target: 'http://x/a', status: 200 },
        { method: 'GET', target: 'http://x/b', status: 404 },
      ],
      unread: 0,
    });
  });
});
