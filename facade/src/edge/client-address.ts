import { isIPv4, isIPv6 } from 'node:net';

/** A customer of a provider has all of a /64, and would have a new address for every request. */
function network(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = /^(?:0*:)*:?ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = (address.split('%', 1)[0] ?? '').split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(8 - front.length - back.length, 0);
  const groups = [...front, ...Array.from({ length: zeros }, () => '0'), ...back];
  const four = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${four.join(':')}::/64`;
}

export interface Origin {
  readonly peer: { readonly address: string; readonly trusted: boolean };
  /** Of all X-Forwarded-For. */
  readonly forwardedFor: string | undefined;
  readonly trusted: (address: string) => boolean;
}

/** Who came to the outermost proxy of ours: what is said left of that, anybody may have said. */
export function clientAddress({ peer, forwardedFor, trusted }: Origin): string {
  let nearest = peer.address;
  if (peer.trusted)
    for (const one of (forwardedFor ?? '').split(',').toReversed()) {
      const address = one.trim();
      if (!isIPv4(address) && !isIPv6(address)) break;
      nearest = address;
      if (!trusted(address)) break;
    }
  return network(nearest);
}
