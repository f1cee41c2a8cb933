import { MatchersV3 } from '@pact-foundation/pact';
import assert from 'node:assert/strict';
import { anId, json, nobody } from '../pact-words.ts';
import { client, pact } from './promise.ts';

const { eachLike, fromProviderState, integer, like, regex, string } = MatchersV3;

await pact
  .addInteraction()
  .given('a category exists', { slug: 'pact-lamps' })
  .uponReceiving('a request for the tree of categories')
  .withRequest('GET', '/api/categories')
  .willRespondWith(200, (builder) =>
    builder.headers(json).jsonBody(
      eachLike({
        id: anId,
        slug: regex('^[a-z0-9-]+$', 'pact-lamps'),
        name: string('Lamps'),
        position: integer(3),
        children: like([]),
      }),
    ),
  )
  .executeTest(async ({ url }) => {
    assert.equal((await client(url).categoryTree())[0]?.slug, 'pact-lamps');
  });

const thisCategory = fromProviderState('${categoryId}', '12');

await pact
  .addInteraction()
  .given('a category exists', { slug: 'pact-lamps' })
  .uponReceiving('a request for one category')
  .withRequest('GET', fromProviderState('/api/categories/${categoryId}', '/api/categories/12'))
  .willRespondWith(200, (builder) =>
    builder.headers(json).jsonBody({
      id: thisCategory,
      slug: 'pact-lamps',
      name: 'Lamps',
      parentId: null,
      position: 3,
      product_count: integer(0),
      path: [{ id: thisCategory, slug: 'pact-lamps', name: 'Lamps' }],
    }),
  )
  .executeTest(async ({ url }) => {
    assert.equal((await client(url).showCategory('12'))?.path.length, 1);
  });

await pact
  .addInteraction()
  .uponReceiving('a request for a category that is not there')
  .withRequest('GET', `/api/categories/${nobody}`)
  .willRespondWith(404, (builder) =>
    builder.headers(json).jsonBody({ error: 'category not found' }),
  )
  .executeTest(async ({ url }) => {
    assert.equal(await client(url).showCategory(nobody), undefined);
  });

await pact
  .addInteraction()
  .uponReceiving('a request for a category whose id is none')
  .withRequest('GET', '/api/categories/lamps')
  .willRespondWith(400, (builder) => builder.headers(json).jsonBody({ error: 'invalid id' }))
  .executeTest(async ({ url }) => {
    await assert.rejects(client(url).showCategory('lamps'), { status: 400 });
  });
