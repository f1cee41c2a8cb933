import { expect, test } from '@jest/globals';
import { methodAttributes, serverAttributes, spanName } from './names.ts';
import { withTraceparent } from './traced-forwarder.ts';

test('a span is named by method and route, never by what a client may invent', () => {
  expect(spanName('GET', '/api/items/:id')).toBe('GET /api/items/:id');
  expect(spanName('DELETE')).toBe('DELETE');
  expect(spanName('PROPFIND')).toBe('HTTP');
  expect(methodAttributes('PROPFIND')).toEqual({
    'http.request.method': '_OTHER',
    'http.request.method_original': 'PROPFIND',
  });
});

test('an upstream is told by where it is, without what only the facade may know', () => {
  expect(serverAttributes('https://user:geheim@shop.example/base?key=geheim')).toEqual({
    origin: 'https://shop.example',
    attributes: { 'server.address': 'shop.example', 'server.port': 443, 'url.scheme': 'https' },
  });
  expect(serverAttributes('http://[::1]:3000').attributes).toMatchObject({
    'server.address': '::1',
    'server.port': 3000,
  });
});

test("the try takes the request's place as parent, wherever the edge has put it", () => {
  const headers = ['Host', 'a', 'X-Note', 'traceparent', 'traceparent', 'old', 'x-more', 'b'];
  expect(withTraceparent(headers, 'new')).toEqual([
    ...['Host', 'a', 'X-Note', 'traceparent', 'traceparent', 'new', 'x-more', 'b'],
  ]);
  expect(headers).toContain('old');
  expect(withTraceparent(['Host', 'a'], 'new')).toEqual(['Host', 'a', 'traceparent', 'new']);
});
