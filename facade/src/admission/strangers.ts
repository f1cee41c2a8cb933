import type { UntrustedProxy } from '@strangler-toolkit/plan';
import type { Logger } from 'pino';
import type { Peer } from '../proxy/headers.ts';

/** What a proxy says of its client. */
const forwarding = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'forwarded'];
/** Whoever lies by these headers from many addresses must not fill memory or log. */
const mostPeers = 20;

/**
 * Peers that speak like a proxy and are not trusted. Nothing fails at once when such a proxy is ours: logins are refused and
 * cookies lose Secure much later, in the application, and nobody thinks of the facade. So each is named, once.
 */
export class Strangers {
  readonly #known = new Map<string, UntrustedProxy>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  get all(): readonly UntrustedProxy[] {
    return [...this.#known.values()];
  }

  note({ address, trusted }: Peer, rawHeaders: readonly string[]): void {
    if (trusted || this.#known.has(address) || this.#known.size >= mostPeers) return;
    let headers: string[] | undefined;
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const name = rawHeaders[index] ?? '';
      if (name.length < 9 || name.length > 17) continue;
      const lower = name.toLowerCase();
      if (forwarding.includes(lower) && !headers?.includes(lower)) (headers ??= []).push(lower);
    }
    if (!headers) return;
    this.#known.set(address, { address, headers });
    this.#log.warn(
      { peer: address, headers, remedy: `FACADE_TRUSTED_PROXIES=${address}` },
      'forwarded headers of a peer that is not trusted are left out; if it is a proxy of yours, trust it',
    );
  }
}
