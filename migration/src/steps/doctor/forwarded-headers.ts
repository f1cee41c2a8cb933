import { BlockList, isIP } from 'node:net';
import { readInstanceDetail } from '@strangler-toolkit/plan';
import type { Control } from '../../control/index.ts';
import type { Report } from '../../findings/check.ts';

/** Networks that nobody reaches a facade from but its own machines: loopback, private use, link-local, shared by carriers. */
const ownNetworks = new BlockList();
for (const [network, bits] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  ['100.64.0.0', 10],
] as const)
  ownNetworks.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  ownNetworks.addSubnet(network, bits, 'ipv6');

const isOurs = (address: string): boolean => {
  const family = isIP(address);
  return family !== 0 && ownNetworks.check(address, family === 4 ? 'ipv4' : 'ipv6');
};

/**
 * Proxies before the facades that none of them trusts: the application behind takes every client for plain HTTP from one
 * address. Anybody may send such headers, so only peers of one's own networks are a finding; the others are named.
 */
export async function checkForwardedHeaders(control: Control, report: Report): Promise<void> {
  const alive = (await control.instances.list()).filter((instance) => instance.alive);
  const peers = new Map(
    alive
      .flatMap(({ detail }) => readInstanceDetail(detail).untrustedProxies ?? [])
      .map((peer) => [peer.address, peer.headers]),
  );
  const ours = [...peers.keys()].filter(isOurs);
  const seen = [...peers].map(([address, headers]) => `${address} (${headers.join(', ')})`);
  report({
    check: 'forwarded headers',
    ok: ours.length === 0,
    expected: 'from proxies that the facades trust',
    actual:
      peers.size === 0
        ? 'none from anybody else'
        : `left out, because FACADE_TRUSTED_PROXIES does not name who sent them: ${seen.join(', ')}`,
    remedy:
      `If it is your proxy, start the facades with FACADE_TRUSTED_PROXIES=${ours.join(',')} (added to ` +
      'what it names now): until then logins are refused and cookies lose Secure behind TLS.',
  });
}
