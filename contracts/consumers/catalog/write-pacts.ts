import { MatchersV3 } from '@pact-foundation/pact';
import assert from 'node:assert/strict';
import { anId, id, money, pactWith } from '../pact-words.ts';
import { type CatalogRow, type Change, readChange } from './read-change.ts';

const { regex, string } = MatchersV3;
const pact = pactWith('catalog', 'shop-changes');

interface Wanted {
  readonly table: string;
  readonly op: 'c' | 'u';
  readonly given: string;
  readonly after: Readonly<Record<string, unknown>>;
  /** What the catalog makes of it. */
  readonly then: readonly CatalogRow[];
}

/** Values are PostgreSQL's text, whichever transport carried them. */
async function promise({ table, op, given, after, then }: Wanted): Promise<void> {
  await pact
    .addAsynchronousInteraction()
    .given(given)
    .expectsToReceive(`public.${table} ${op}`, (builder) =>
      builder
        .withMetadata({ type: `public.${table} ${op}` })
        .withJSONContent({ op, after, source: { schema: 'public', table } }),
    )
    .executeTest(async ({ contents }) => {
      const content: unknown = contents.content;
      // Made from what is promised above.
      assert.deepEqual(readChange(content as Change), then);
    });
}

const clock = '\\d{2}:\\d{2}:\\d{2}(?:\\.\\d{1,6})?';
const instant = regex(`^\\d{4}-\\d\\d-\\d\\d ${clock}\\+00$`, '2024-02-29 08:30:00.123456+00');
const localTime = regex(`^\\d{4}-\\d\\d-\\d\\d ${clock}$`, '2024-02-29 08:30:00.123456');
const count = regex('^\\d+$', '1');

const product = (name: string) => ({
  id: anId,
  sku: string('STATE-1'),
  name,
  description: string('A product that a contract asked for.'),
  price: money,
  currency: regex('^[A-Z]{3}$', 'EUR'),
  status: regex('^(?:draft|active|discontinued)$', 'active'),
  attributes: regex('^\\{.*\\}$', '{"colour": "green"}'),
  tags: regex('^\\{.*\\}$', '{new}'),
  weight: regex('^\\d+\\.\\d+$', '1.250'),
  external_ref: regex(
    '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
    '7f3e0c52-64c5-4f8e-a1c9-0d6f7c1b2a10',
  ),
  released_on: regex('^\\d{4}-\\d\\d-\\d\\d$', '2024-02-29'),
  created_at: instant,
  updated_at: localTime,
  deleted_at: null,
});
const productRows = (title: string): readonly CatalogRow[] => [
  {
    table: 'product',
    row: {
      product_id: id,
      sku: 'STATE-1',
      amount: '19.90',
      currency_code: 'EUR',
      state: 'on_sale',
      specs: '{"colour": "green"}',
      labels: '{new}',
      weight_kg: '1.250',
      erp_reference: '7f3e0c52-64c5-4f8e-a1c9-0d6f7c1b2a10',
      available_from: '2024-02-29',
      created: '2024-02-29 08:30:00.123456+00',
      modified: '2024-02-29 08:30:00.123456',
      removed: null,
    },
  },
  {
    table: 'product_text',
    row: { product_id: id, title, body: 'A product that a contract asked for.' },
  },
];

await promise({
  table: 'products',
  op: 'c',
  given: 'a product exists',
  after: product('Quiet oak lamp'),
  then: productRows('Quiet oak lamp'),
});

await promise({
  table: 'products',
  op: 'u',
  given: 'a product was renamed',
  after: product('Loud steel lamp'),
  then: productRows('Loud steel lamp'),
});

await promise({
  table: 'price_history',
  op: 'c',
  given: 'a product exists',
  after: {
    product_id: anId,
    revision: count,
    old_price: null,
    new_price: money,
    changed_at: instant,
  },
  then: [
    {
      table: 'price_change',
      row: {
        product_id: id,
        revision: '1',
        previous_amount: null,
        amount: '19.90',
        occurred: '2024-02-29 08:30:00.123456+00',
      },
    },
  ],
});

await promise({
  table: 'product_categories',
  op: 'c',
  given: 'a product in a category exists',
  after: { product_id: anId, category_id: count, position: count },
  then: [{ table: 'product_category', row: { product_id: id, category_id: '1', sort_order: '1' } }],
});

await promise({
  table: 'product_images',
  op: 'c',
  given: 'a product with an image exists',
  after: {
    id: count,
    product_id: anId,
    filename: string('lamp.png'),
    content_type: string('image/png'),
    content: regex('^\\\\x(?:[0-9a-f]{2})+$', '\\x89504e47'),
    sha256: regex('^\\\\x[0-9a-f]{64}$', `\\x${'0'.repeat(64)}`),
    alt_text: string('a lamp'),
    uploaded_at: instant,
  },
  then: [
    {
      table: 'product_image',
      row: {
        image_id: '1',
        product_id: id,
        file_name: 'lamp.png',
        media_type: 'image/png',
        bytes: '\\x89504e47',
        digest: `\\x${'0'.repeat(64)}`,
        alternative_text: 'a lamp',
        uploaded: '2024-02-29 08:30:00.123456+00',
      },
    },
  ],
});
