import { describe, expect, test } from '@jest/globals';
import { clientHeaders, hasBody, type Peer, upgradeHeaders, upstreamHeaders } from './headers.ts';

const stranger: Peer = { address: '7.7.7.7', encrypted: false, trusted: false, localPort: 8080 };
const proxy: Peer = { ...stranger, address: '10.0.0.1', trusted: true };
const trail = { requestId: 'r-1', traceparent: '00-trace' };
type Pair = readonly [name: string, value: string];
const pairs = (raw: readonly string[]): Pair[] =>
  raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as const] : []));
const own: readonly Pair[] = [
  ['x-forwarded-for', '7.7.7.7'],
  ['x-forwarded-proto', 'http'],
  ['x-forwarded-host', 'shop'],
  ['x-forwarded-port', '8080'],
  ['x-request-id', 'r-1'],
  ['traceparent', '00-trace'],
];
const sent = (headers: readonly Pair[], peer = stranger, host = 'shop'): Pair[] =>
  pairs(upstreamHeaders({ rawHeaders: headers.flat(), host }, peer, trail));
const host: Pair = ['Host', 'shop'];

describe('an upstream gets', () => {
  test("the client's own headers as it spelt, ordered and repeated them, and the facade's word on who asks", () => {
    const kept: Pair[] = [
      ['CooKie', 'a=b'],
      ['X-Twice', '1'],
      ['x-twice', '2'],
    ];
    expect(sent([['hOst', 'elsewhere'], ...kept])).toEqual([host, ...kept, ...own]);
    expect(sent([], stranger, '')).toEqual(
      own.map(([name, value]) => (name === 'x-forwarded-host' ? [name, ''] : [name, value])),
    );
  });

  test.each([
    ...['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Forwarded-Port'],
    ...['X-Forwarded-Server', 'X_Forwarded_For', 'Forwarded', 'X-Forwarded', 'X-Real-IP'],
    ...['X_Real_IP', 'X-Client-IP', 'X-Cluster-Client-IP', 'True-Client-IP', 'CF-Connecting-IP'],
    ...['Fastly-Client-IP', 'X-Original-URL', 'X-Original-Host', 'X-Original-URI'],
    ...['X-Rewrite-URL', 'X-Host', 'Proxy', 'X-Request-Id', 'Traceparent', 'X_Request_Id'],
    ...['X-Strangler-Shadow', 'X-Strangler-Served-By', 'x_strangler_shadow'],
  ])('no word of a stranger on who it is, or that it is a shadow: %s', (name) => {
    expect(sent([[name, 'mine']])).toEqual([host, ...own]);
  });

  test.each([
    ...['Connection', 'Proxy-Connection', 'Keep-Alive', 'TE', 'Transfer-Encoding', 'Upgrade'],
    ...['Proxy-Authenticate', 'Proxy-Authorization', 'Expect', 'HTTP2-Settings'],
  ])('no %s, from nobody: it belongs to this connection', (name) => {
    expect(sent([[name, 'x']])).toEqual([host, ...own]);
    expect(sent([[name, 'x']], proxy).map(([each]) => each)).not.toContain(name);
  });

  test('nothing that Connection names, but framing and what the facade says itself', () => {
    expect(
      sent([
        ['Connection', ' Close, X-Drop,, Host, Content-Length, X-Request-Id, Traceparent'],
        ['connection', 'X-Forwarded-For, X-Also'],
        ['X-Drop', '1'],
        ['x-also', '1'],
        ['Content-Length', '5'],
      ]),
    ).toEqual([host, ['Content-Length', '5'], ...own]);
  });

  test('what a proxy of ours says about the client, with the proxy itself behind it', () => {
    const said: Pair[] = [
      ['X-Forwarded-For', '6.6.6.6'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Host', 'public'],
      ['X-Forwarded-Port', '8443'],
      ['Forwarded', 'for=6.6.6.6'],
      ['X-Real-IP', '6.6.6.6'],
    ];
    const got = Object.fromEntries(sent(said, proxy));
    expect(got).toMatchObject({
      'x-forwarded-for': '6.6.6.6, 10.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'public',
      'x-forwarded-port': '8443',
      Forwarded: 'for=6.6.6.6',
      'X-Real-IP': '6.6.6.6',
    });
    // its word replaces theirs, it does not stand beside it
    expect(Object.keys(got)).not.toContain('X-Forwarded-For');
    expect(sent([['X-Strangler-Shadow', '1']], proxy).flat()).not.toContain('X-Strangler-Shadow');
  });

  test.each<[string, readonly Pair[], object]>([
    ['nothing', [['X-Forwarded-For', '']], { 'x-forwarded-port': '8080' }],
    ['the scheme', [['X-Forwarded-Proto', 'https']], { 'x-forwarded-port': '443' }],
    ['the other scheme', [['X-Forwarded-Proto', 'http']], { 'x-forwarded-port': '80' }],
    ['the host', [['X-Forwarded-Host', 'public:81']], { 'x-forwarded-port': '81' }],
    ['a host without port', [['X-Forwarded-Host', 'public']], { 'x-forwarded-port': '80' }],
  ])('the port that fits, where a proxy of ours says %s', (_what, said, expected) => {
    expect(Object.fromEntries(sent(said, proxy))).toMatchObject({
      'x-forwarded-for': '10.0.0.1',
      ...expected,
    });
  });

  test('that its client came encrypted, when it did', () => {
    expect(Object.fromEntries(sent([], { ...stranger, encrypted: true }))).toMatchObject({
      'x-forwarded-proto': 'https',
    });
  });

  test('the two headers that a WebSocket handshake lives from', () => {
    const head = {
      rawHeaders: ['connection', 'keep-alive, Upgrade', 'upgrade', 'websocket', 'X-A', '1'],
      host: 'shop',
    };
    expect(pairs(upgradeHeaders(head, stranger, trail))).toEqual([
      host,
      ['X-A', '1'],
      ...own,
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
    ]);
  });
});

describe('a client gets', () => {
  const kept = ['Set-Cookie', 'a=1', 'X-CaSe', 'kept', 'set-cookie', 'b=2'];
  const given = (rawHeaders: readonly string[], status = 200, replaced: readonly string[] = []) =>
    clientHeaders({ status, rawHeaders }, replaced);

  test('headers as the upstream spelt, ordered and repeated them', () => {
    expect(given(kept)).toEqual(kept);
  });

  test("none of the upstream's connection, nor what Connection names", () => {
    const more = [
      'Connection',
      'close, x-secret',
      'X-Secret',
      'hop',
      'Transfer-Encoding',
      'chunked',
    ];
    expect(given([...more, ...kept])).toEqual(kept);
  });

  test('the length of the body, whatever Connection says, but none of a 204', () => {
    const length = ['Content-Length', '5'];
    expect(given([...length, 'Connection', 'content-length'])).toEqual(length);
    expect(given(length, 204)).toEqual([]);
    expect(given(length, 304)).toEqual(length);
  });

  test('an announcement of trailers only where they can follow', () => {
    const announced = ['Trailer', 'X-Sum'];
    expect(given(announced)).toEqual([]);
    expect(given(['Transfer-Encoding', 'chunked', ...announced])).toEqual(announced);
  });

  test("what the facade says itself, at the end and instead of the upstream's", () => {
    const own = ['x-request-id', 'ours'];
    expect(given([...kept, 'X-Request-Id', 'theirs'], 200, own)).toEqual([...kept, ...own]);
    // a value is no name
    expect(given([...kept, 'Ours', 'theirs'], 200, own)).toEqual([
      ...kept,
      'Ours',
      'theirs',
      ...own,
    ]);
  });
});

test.each([
  [[], false],
  [['Content-Length', '0'], false],
  [['Content-Length', '00'], false],
  [['content-length', '1'], true],
  [['Transfer-Encoding', 'chunked'], true],
])('%j announces a body: %j', (rawHeaders, expected) => {
  expect(hasBody(rawHeaders)).toBe(expected);
});
