import { expect, test } from '@jest/globals';
import { noticesOf, publications } from './publish.ts';

const pact = (consumer: string, provider: string) => ({
  file: `${consumer}-${provider}.json`,
  consumer,
  provider,
  content: `{"consumer":"${consumer}"}`,
});

test('each consumer is published by itself, with all of its pacts as they are written', () => {
  const bodies = publications({
    pacts: [pact('web', 'shop'), pact('app', 'shop'), pact('web', 'mail')],
    version: '1',
    merge: true,
  });
  expect(bodies).toEqual([
    {
      pacticipantName: 'web',
      pacticipantVersionNumber: '1',
      tags: [],
      contracts: ['shop', 'mail'].map((providerName) => ({
        consumerName: 'web',
        providerName,
        specification: 'pact',
        contentType: 'application/json',
        content: Buffer.from('{"consumer":"web"}').toString('base64'),
        onConflict: 'merge',
      })),
    },
    expect.objectContaining({ pacticipantName: 'app' }),
  ]);
});

test('branch, tags and build go along where they are known', () => {
  const [body] = publications({
    pacts: [pact('web', 'shop')],
    version: '1',
    branch: 'main',
    tags: ['dev'],
    buildUrl: 'http://ci/1',
  });
  expect(body).toMatchObject({
    branch: 'main',
    tags: ['dev'],
    buildUrl: 'http://ci/1',
    contracts: [{ onConflict: 'overwrite' }],
  });
});

test("a broker's words keep their kind", () =>
  expect(
    noticesOf({ notices: [{ type: 'warning', text: 'changed' }, { text: 'plain' }, {}] }),
  ).toEqual([
    { type: 'warning', text: 'changed' },
    { type: 'info', text: 'plain' },
    { type: 'info', text: '' },
  ]));
