import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { peerOf, trustedPeers } from './peer.ts';

describe('proxies that are believed', () => {
  const trusted = trustedPeers(['10.0.0.1', '192.168.0.0/16', 'fd00::1', '2001:db8::/32']);
  test.each([
    ['10.0.0.1', true],
    ['10.0.0.2', false],
    ['192.168.255.3', true],
    ['192.169.0.1', false],
    ['fd00::1', true],
    ['fd00::2', false],
    ['2001:db8:1::5', true],
    ['2001:db9::5', false],
    ['', false],
    ['somewhere', false],
  ])('%s: %j', (address, expected) => expect(trusted(address)).toBe(expected));

  test('nobody is, when nobody is named', () => {
    expect(trustedPeers([])('127.0.0.1')).toBe(false);
  });

  test.each(['shop.example', '', '300.1.1.1', '10.0.0.0.0/8'])('%j is no address', (entry) => {
    expect(() => trustedPeers([entry])).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining(`'${entry}'`),
      }),
    );
  });
});

describe('who is at the other end', () => {
  const request = (socket: object) => ({ socket }) as IncomingMessage;
  test('by its address, an IPv4 one in its own spelling', () => {
    const asked: string[] = [];
    const peer = peerOf(request({ remoteAddress: '::ffff:10.0.0.1', localPort: 8080 }), (address) =>
      Boolean(asked.push(address)),
    );
    expect(peer).toEqual({
      address: '10.0.0.1',
      encrypted: false,
      trusted: true,
      localPort: 8080,
    });
    expect(asked).toEqual(['10.0.0.1']);
  });

  test('unknown and not believed once it is gone', () => {
    expect(peerOf(request({ encrypted: true }), trustedPeers(['10.0.0.1']))).toEqual({
      address: '',
      encrypted: true,
      trusted: false,
      localPort: 0,
    });
  });
});
