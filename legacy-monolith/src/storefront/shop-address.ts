import type { Socket } from 'node:net';

/** Addresses under which visitors reach the shop, separated by commas; undefined: one of them is none. */
export function parseShopUrls(text: string): readonly string[] | undefined {
  const urls = text.split(',').map((part) => URL.parse(part.trim()));
  const usable = urls.every(
    (url) =>
      url !== null &&
      /^https?:$/.test(url.protocol) &&
      url.username === '' &&
      url.pathname === '/' &&
      url.search === '',
  );
  return usable ? urls.map((url) => url?.origin ?? '') : undefined;
}

/**
 * Where a page asks for what it shows, the best first: where its visitor asked, if that is an address of the shop, else its other
 * ones, else this process. Whoever forges a host chooses among these, and never sends the shop anywhere else.
 */
export function addressesFor(
  shopUrls: readonly string[],
  host: string | undefined,
  own: string,
): readonly string[] {
  if (shopUrls.length === 0) return [own];
  const named = host?.toLowerCase();
  const asked = (url: string): boolean => new URL(url).host === named;
  return [...shopUrls.filter(asked), ...shopUrls.filter((url) => !asked(url))];
}

/** Where this very request came in. */
export function ownAddress({
  localAddress = '127.0.0.1',
  localPort = 0,
}: Pick<Socket, 'localAddress' | 'localPort'>): string {
  const address = localAddress.replace(/^::ffff:(?=[\d.]+$)/, '');
  return `http://${address.includes(':') ? `[${address}]` : address}:${localPort}`;
}
