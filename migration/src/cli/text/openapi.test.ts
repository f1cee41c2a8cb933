import { expect, test } from '@jest/globals';
import { openapiText } from './openapi.ts';

test('what of a pact could not be judged is said, and counts as no difference', () => {
  const pact = { consumer: 'web', description: 'an item', differences: [] };
  const text = openapiText({
    ...{ context: 'shop', monolith: 'a.json', service: 'b.json', compared: ['GET /x'] },
    breaking: [],
    pacts: {
      monolith: [{ ...pact, passedOver: ['$.id is not held against (?i)x'] }],
      service: [{ ...pact, passedOver: [] }],
    },
  });
  expect(text.split('\n')).toEqual([
    'web: an item: monolith: $.id is not held against (?i)x',
    'monolith: 1 of 1 interactions are in its document',
    'service: 1 of 1 interactions are in its document',
    'shop: the documents agree on 1 routes',
  ]);
});
