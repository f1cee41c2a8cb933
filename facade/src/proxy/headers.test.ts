import { describe, expect, test } from '@jest/globals';
import { clientHeaders, hasBody, type Peer, upgradeHeaders, upstreamHeaders } from './headers.ts';

const stranger: Peer = { address: '7.7.7.7', encrypted: false, trusted: false, localPort: 8080 };
const proxy: Peer = { ...stranger, address: '10.0.0.1', trusted: true };
const trail = { requestId: 'r-1', traceparent: '00-trace' };
const own = {
  'x-forwarded-for': '7.7.7.7',
  'x-forwarded-proto': 'http',
  'x-forwarded-host': 'shop',
  'x-forwarded-port': '8080',
  'x-request-id': 'r-1',
  traceparent: '00-trace',
};
const sent = (headers: object, method = 'GET', peer = stranger) =>
  upstreamHeaders(method, { host: 'shop', ...headers }, peer, trail);

describe('an upstream gets', () => {
  test("the client's own headers and the facade's word on who asks", () => {
    expect(sent({ cookie: 'a=b', 'set-cookie': ['x', 'y'] })).toEqual({
      host: 'shop',
      cookie: 'a=b',
      'set-cookie': ['x', 'y'],
      ...own,
    });
  });

  test('no word of the client on who it is, where it came from, or that it is a shadow', () => {
    expect(
      sent({
        'x-forwarded-for': '6.6.6.6',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'evil',
        'x-forwarded-port': '1',
        'x-request-id': 'mine',
        traceparent: 'mine',
        forwarded: 'for=6.6.6.6',
        'x-strangler-shadow': '1',
        'x-strangler-served-by': 'service',
      }),
    ).toEqual({ host: 'shop', ...own });
  });

  test.each([
    'connection',
    'proxy-connection',
    'keep-alive',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
    'proxy-authenticate',
    'proxy-authorization',
    'expect',
    'http2-settings',
  ])('no %s: it belongs to this connection', (name) => {
    expect(sent({ [name]: 'x' }, 'POST')).toEqual({ host: 'shop', ...own });
  });

  test('nothing that Connection names, but framing and what the facade says itself', () => {
    expect(
      sent({
        connection:
          ' Close, X-Drop,, Host, Content-Length, X-Request-Id, Traceparent, X-Forwarded-For ',
        'x-drop': '1',
        'content-length': '5',
      }),
    ).toEqual({ host: 'shop', 'content-length': '5', ...own });
  });

  test('chunks where node would not make them, and only there', () => {
    const chunked = { 'transfer-encoding': 'chunked' };
    for (const method of ['DELETE', 'GET', 'OPTIONS'])
      expect(sent(chunked, method)).toMatchObject(chunked);
    for (const method of ['POST', 'PUT', 'PATCH'])
      expect(sent(chunked, method)).not.toHaveProperty('transfer-encoding');
    expect(sent({}, 'DELETE')).not.toHaveProperty('transfer-encoding');
  });

  test('what a proxy of ours says about the client, with the proxy itself behind it', () => {
    const said = {
      'x-forwarded-for': '6.6.6.6',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'public',
      'x-forwarded-port': '443',
      forwarded: 'for=6.6.6.6',
    };
    expect(sent(said, 'GET', proxy)).toMatchObject({
      ...said,
      'x-forwarded-for': '6.6.6.6, 10.0.0.1',
    });
  });

  test('its own view where a proxy of ours says nothing', () => {
    expect(sent({ 'x-forwarded-for': '' }, 'GET', { ...proxy, encrypted: true })).toMatchObject({
      'x-forwarded-for': '10.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'shop',
      'x-forwarded-port': '8080',
    });
    expect(upstreamHeaders('GET', {}, stranger, trail)['x-forwarded-host']).toBe('');
  });

  test('the two headers that a WebSocket handshake lives from', () => {
    expect(
      upgradeHeaders(
        { host: 'shop', connection: 'keep-alive, Upgrade', upgrade: 'websocket', 'x-a': '1' },
        stranger,
        trail,
      ),
    ).toEqual({ host: 'shop', 'x-a': '1', ...own, connection: 'Upgrade', upgrade: 'websocket' });
  });
});

describe('a client gets', () => {
  const raw = ['Set-Cookie', 'a=1', 'X-CaSe', 'kept', 'set-cookie', 'b=2'];

  test('headers as the upstream spelt, ordered and repeated them', () => {
    expect(clientHeaders(raw, undefined)).toEqual(raw);
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
    expect(clientHeaders([...more, ...raw], 'close, X-Secret')).toEqual(raw);
  });

  test('the length of the body, whatever Connection says', () => {
    expect(clientHeaders(['Content-Length', '5'], 'content-length')).toEqual([
      'Content-Length',
      '5',
    ]);
  });

  test('none that the facade says itself', () => {
    expect(clientHeaders([...raw, 'X-Request-Id', 'theirs'], undefined, ['x-request-id'])).toEqual(
      raw,
    );
  });
});

test.each([
  [{}, false],
  [{ 'content-length': '0' }, false],
  [{ 'content-length': '1' }, true],
  [{ 'transfer-encoding': 'chunked' }, true],
])('%j announces a body: %j', (headers, expected) => {
  expect(hasBody(headers)).toBe(expected);
});
