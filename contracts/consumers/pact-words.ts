import { MatchersV3, Pact } from '@pact-foundation/pact';

const { fromProviderState, regex } = MatchersV3;

/** An id beyond what a JS number holds, as the shop's are. */
export const id = '9007199254741001';
/** One that no product, image or category has. */
export const nobody = '9223372036854775807';
export const anId = regex('^\\d+$', id);
export const money = regex('^\\d+\\.\\d{2}$', '19.90');
export const stamp = regex(
  '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$',
  '2024-02-29T08:30:00.000Z',
);
/** The id of the product that the provider state made. */
export const thisProduct = fromProviderState('${id}', id);
export const productPath = (rest = '') =>
  fromProviderState(`/api/products/\${id}${rest}`, `/api/products/${id}${rest}`);

// Spelled as the native core spells it, or it would add a second one.
export const json = { 'Content-Type': 'application/json; charset=utf-8' };

/** A customer of the seeded shop. */
export const token = 'demo-token-1';
export const authorised = { Authorization: `Bearer ${token}` };
export const sending = { ...authorised, 'Content-Type': 'application/json' };

/** Both sides' provider states put this picture where a contract asks for one. */
export const onePixel = {
  bytes: Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  ),
  sha256: '6b7fa434f92a8b80aab02d9bf1a12e49ffcae424e4013a1c4f68b67e3d2bbcd0',
};

/** The folder that the pacts are written to: the first argument of a consumer's program. */
export function pactFolder(): string {
  const dir = process.argv[2];
  if (!dir) throw new Error('usage: write-pacts.ts <folder>');
  return dir;
}

export const pactWith = (consumer: string, provider: string): Pact =>
  new Pact({ consumer, provider, dir: pactFolder(), logLevel: 'error' });
