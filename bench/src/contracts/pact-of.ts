const matching = (...fields: readonly string[]) => ({
  body: Object.fromEntries(
    fields.map((field) => [field, { combine: 'AND', matchers: [{ match: 'type' }] }]),
  ),
});
const product = {
  id: '1',
  sku: 'SKU-1',
  name: 'Quiet oak lamp',
  price: '19.90',
  tags: ['new'],
  created_at: '2024-02-29T08:30:00.000Z',
};
const json = (content: unknown) => ({
  headers: { 'content-type': ['application/json; charset=utf-8'] },
  body: { content, contentType: 'application/json', encoded: false },
});

/** The kinds that pacts of a shop are made of, in turn: a list, one product by a provider state, none, a new one. */
const kinds: readonly ((number: number) => object)[] = [
  () => ({
    request: { method: 'GET', path: '/products' },
    response: {
      status: 200,
      ...json([product]),
      matchingRules: matching('$', '$[*].id', '$[*].sku'),
    },
  }),
  () => ({
    providerStates: [{ name: 'a product exists', params: {} }],
    request: {
      method: 'GET',
      path: '/products/1',
      generators: { path: { type: 'ProviderState', expression: '/products/${id}' } },
      matchingRules: { path: { combine: 'AND', matchers: [{ match: 'type' }] } },
    },
    response: { status: 200, ...json(product), matchingRules: matching('$.id', '$.sku') },
  }),
  (number) => ({
    request: { method: 'GET', path: `/products/none-${number}` },
    response: { status: 404, ...json({ error: 'none' }) },
  }),
  (number) => ({
    request: { method: 'POST', path: '/products', ...json({ sku: `NEW-${number}` }) },
    response: { status: 201, ...json({ ...product, sku: `NEW-${number}` }) },
  }),
];

export const pactOf = (interactions: number): object => ({
  consumer: { name: 'bench' },
  provider: { name: 'shop' },
  metadata: { pactSpecification: { version: '4.0' } },
  interactions: Array.from({ length: interactions }, (_, number) => ({
    type: 'Synchronous/HTTP',
    description: `interaction ${number}`,
    ...kinds[number % kinds.length]?.(number),
  })),
});
