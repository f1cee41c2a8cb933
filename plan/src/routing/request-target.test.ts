import { describe, expect, test } from '@jest/globals';
import { readTarget } from './request-target.ts';

describe('request target', () => {
  test.each([
    ['/a?x=1', { path: '/a', search: '?x=1' }],
    ['//a//b?u=http://h/?', { path: '//a//b', search: '?u=http://h/?' }],
    ['/a%2F%zz;x#y', { path: '/a%2F%zz;x#y', search: '' }],
    ['/?', { path: '/', search: '?' }],
  ])('%s stays as it is', (target, expected) =>
    expect(readTarget('GET', target)).toEqual({ form: 'path', ...expected }),
  );

  test.each([
    ['http://shop.example/a?b', { path: '/a', search: '?b', authority: 'shop.example' }],
    ['HTTPS://shop:8443//a', { path: '//a', search: '', authority: 'shop:8443' }],
    ['http://[::1]:80?b', { path: '/', search: '?b', authority: '[::1]:80' }],
    ['http://shop', { path: '/', search: '', authority: 'shop' }],
  ])('%s names the host too', (target, expected) =>
    expect(readTarget('GET', target)).toEqual({ form: 'path', ...expected }),
  );

  test('* and an address without a path ask OPTIONS of the server', () => {
    expect(readTarget('OPTIONS', '*')).toEqual({ form: 'asterisk' });
    expect(readTarget('OPTIONS', 'http://shop')).toEqual({ form: 'asterisk', authority: 'shop' });
  });

  test.each([
    '*',
    'a',
    '',
    'ftp://host/a',
    'http://',
    'http:///a',
    'http://user@host/a',
    'shop:80',
  ])('%s is no target of GET', (target) => expect(readTarget('GET', target).form).toBe('faulty'));
});
