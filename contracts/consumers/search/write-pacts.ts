import { MatchersV3 } from '@pact-foundation/pact';
import assert from 'node:assert/strict';
import { anId, id, money, pactWith } from '../pact-words.ts';
import { SearchIndex } from './search-index.ts';

const { eachLike, integer, regex, string } = MatchersV3;
const pact = pactWith('search', 'catalog-events');

interface Wanted {
  readonly event: string;
  readonly given: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** What the index holds after it; the lamp was in it before. */
  readonly then: (index: SearchIndex) => void;
}

async function promise({ event, given, payload, then }: Wanted): Promise<void> {
  await pact
    .addAsynchronousInteraction()
    .given(given)
    .expectsToReceive(event, (builder) =>
      builder.withMetadata({ type: event, aggregateType: 'product' }).withJSONContent(payload),
    )
    .executeTest(async ({ contents }) => {
      const index = new SearchIndex();
      const before = { id, title: 'Quiet oak lamp', amount: '19.90', labels: ['new'] };
      index.apply({ type: 'product.created', payload: { ...before, state: 'on_sale' } });
      index.apply({ type: event, payload: contents.content });
      then(index);
    });
}

const product = (title: string) => ({
  id: anId,
  sku: string('STATE-1'),
  title,
  amount: money,
  currencyCode: 'EUR',
  state: 'on_sale',
  labels: eachLike('new'),
});

await promise({
  event: 'product.created',
  given: 'a product exists',
  payload: product('Quiet oak lamp'),
  then: (index) => assert.equal(index.find('lamp')[0]?.amount, '19.90'),
});

await promise({
  event: 'product.changed',
  given: 'a product was renamed',
  payload: product('Loud steel lamp'),
  then: (index) => assert.deepEqual(index.find('oak'), []),
});

await promise({
  event: 'product.removed',
  given: 'a product was removed',
  payload: product('Quiet oak lamp'),
  then: (index) => assert.deepEqual(index.find('lamp'), []),
});

await promise({
  event: 'product.categorised',
  given: 'a product in a category exists',
  payload: { id: anId, categoryId: regex('^\\d+$', '12'), sortOrder: integer(0) },
  then: (index) => assert.deepEqual(index.inCategory('12'), [id]),
});
