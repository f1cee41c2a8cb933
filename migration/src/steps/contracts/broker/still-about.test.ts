import { expect, test } from '@jest/globals';
import { changedAtBroker, notCovered, pactHash } from './still-about.ts';

const content = {
  consumer: { name: 'web' },
  provider: { name: 'shop' },
  interactions: [{ _id: 'a1', description: 'a quote', response: { status: 200 } }],
  metadata: { pactRust: { ffi: '0.4' } },
  createdAt: '2026-01-01T00:00:00+00:00',
  _links: { self: { href: 'http://broker/pacts/1' } },
};
const pact = (status: 'required' | 'pending' | 'wip', about: object = content) => ({
  name: 'Pact between web (1) and shop',
  status,
  content: about as Readonly<Record<string, unknown>>,
});

test('a pact is what it says: neither its version, nor when, nor by which tool', () => {
  const { metadata: _m, createdAt: _c, _links: _l, ...said } = content;
  const [first] = said.interactions;
  const { _id, ...plain } = first ?? {};
  expect(pactHash({ ...said, interactions: [plain] })).toBe(pactHash(content));
  expect(pactHash({ ...said, interactions: [{ ...plain, response: { status: 201 } }] })).not.toBe(
    pactHash(content),
  );
});

test("what a body calls _id is said by the pact: only the numbers of its interactions are the broker's", () => {
  const having = (list: 'interactions' | 'messages', body: object) =>
    pactHash({ ...content, interactions: [], [list]: [{ _id: 'a1', response: { body } }] });
  for (const list of ['interactions', 'messages'] as const) {
    expect(having(list, { _id: '1' })).not.toBe(having(list, { _id: '2' }));
    expect(having(list, { _id: '1' })).not.toBe(having(list, {}));
  }
  const numbered = (_id: string) => pactHash({ ...content, messages: [{ _id, contents: 1 }] });
  expect(numbered('a1')).toBe(numbered('b2'));
});

test('evidence covers what both sides kept, and what is not required needs none', () => {
  const kept = [pactHash(content)];
  const other = { ...content, interactions: [] };
  expect(notCovered([pact('required')], { kept })).toEqual([]);
  expect(notCovered([pact('required', other)], { kept })).toEqual([
    'Pact between web (1) and shop',
  ]);
  expect(notCovered([pact('pending', other), pact('wip', other)], { kept })).toEqual([]);
  expect(notCovered([pact('required')], { kept: [] })).toHaveLength(1);
});

test.each([
  [undefined, {}, /does not say which pacts/],
  [{ queries: [{ provider: 'shop' }], kept: [] }, {}, /PACT_BROKER_BASE_URL is not set here/],
  [
    { queries: [{ provider: 'shop' }], kept: [] },
    { PACT_BROKER_BASE_URL: 'http://127.0.0.1:1' },
    /cannot be asked which pacts count now: the Pact Broker at http:\/\/127.0.0.1:1\/ does not answer/,
  ],
])('what cannot be asked is void: %j', async (basis, env, why) =>
  expect(await changedAtBroker({ env, signal: new AbortController().signal }, basis)).toMatch(why),
);
