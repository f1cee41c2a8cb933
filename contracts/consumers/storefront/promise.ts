import { pactWith } from '../pact-words.ts';
import { sendTo } from '../shop-api.ts';
import { StorefrontClient } from './storefront-client.ts';

export const pact = pactWith('storefront', 'catalog');
export const client = (url: string, who: Readonly<Record<string, string>> = {}): StorefrontClient =>
  new StorefrontClient(sendTo(url), who);
