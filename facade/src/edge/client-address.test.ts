import { expect, test } from '@jest/globals';
import { clientAddress } from './client-address.ts';

const of = (address: string, forwardedFor?: string): string =>
  clientAddress({
    peer: { address, trusted: address.startsWith('10.') },
    forwardedFor,
    trusted: (one) => one.startsWith('10.'),
  });

test.each([
  ['1.2.3.4', undefined, '1.2.3.4'],
  // a stranger may say what he likes
  ['1.2.3.4', '9.9.9.9', '1.2.3.4'],
  ['10.0.0.1', '9.9.9.9, 1.2.3.4', '1.2.3.4'],
  ['10.0.0.1', '9.9.9.9, 1.2.3.4, 10.0.0.2', '1.2.3.4'],
  ['10.0.0.1', '1.2.3.4, unknown', '10.0.0.1'],
  ['10.0.0.1', '', '10.0.0.1'],
  ['10.0.0.1', '10.0.0.3', '10.0.0.3'],
  ['2001:db8:1:2:aaaa::1', undefined, '2001:db8:1:2::/64'],
  ['2001:0db8:1:2::9', undefined, '2001:db8:1:2::/64'],
  ['2001:db8::1', undefined, '2001:db8:0:0::/64'],
  ['::1', undefined, '0:0:0:0::/64'],
  ['::ffff:1.2.3.4', undefined, '1.2.3.4'],
])('%s that says %j is %s', (peer, said, address) => expect(of(peer, said)).toBe(address));
