import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { StranglerError } from '@strangler-toolkit/plan';
import type { Peer } from './headers.ts';

const family = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** @throws StranglerError CONFIG_INVALID */
export function trustedPeers(entries: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    if (isIP(address) === 0)
      throw new StranglerError(
        'CONFIG_INVALID',
        `FACADE_TRUSTED_PROXIES: '${entry}' is no address or CIDR block`,
      );
    if (bits === undefined) list.addAddress(address, family(address));
    else list.addSubnet(address, Number(bits), family(address));
  }
  if (entries.length === 0) return () => false;
  return (address) => isIP(address) !== 0 && list.check(address, family(address));
}

/** A connection's other end stays who it is. */
const known = new WeakMap<object, Peer>();

export function peerOf(request: IncomingMessage, trusted: (address: string) => boolean): Peer {
  const { socket } = request;
  const before = known.get(socket);
  if (before) return before;
  const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  const peer = {
    address,
    encrypted: 'encrypted' in socket,
    trusted: trusted(address),
    localPort: socket.localPort ?? 0,
  };
  if (address !== '') known.set(socket, peer);
  return peer;
}
