import { expect, test } from '@jest/globals';
import { listedPact, parseSelector, queryBody } from './for-verification.ts';

test.each<[string, RegExp]>([
  ['main', /is no JSON/],
  ['"main"', /no object that says anything/],
  ['{}', /no object that says anything/],
  ['[{"mainBranch":true}]', /no object that says anything/],
  ['{"mainBrunch":true}', /has "mainBrunch", which no broker knows: mainBranch,/],
  ['{"deployed":false}', /has "deployed", which can only be true/],
  ['{"branch":true}', /has "branch", which is a text/],
  ['{"branch":""}', /has "branch", which is a text/],
  ['{"tag":"prod","latest":"yes"}', /has "latest", which is true or false/],
])('a selector that no broker would know is refused before it is asked: %s', (text, why) =>
  expect(() => parseSelector(text)).toThrow(why),
);

test('a selector may name a branch, an environment, a consumer', () =>
  expect(parseSelector('{"deployed":true,"environment":"production","consumer":"web"}')).toEqual({
    deployed: true,
    environment: 'production',
    consumer: 'web',
  }));

test('without selectors the usual ones are asked for, the branch of the same name only where there is a branch', () => {
  expect(queryBody({ provider: 'shop' })).toEqual({
    consumerVersionSelectors: [{ mainBranch: true }, { deployedOrReleased: true }],
    includePendingStatus: true,
  });
  expect(queryBody({ provider: 'shop', branch: 'feat', wipSince: '2026-01-31' })).toEqual({
    consumerVersionSelectors: [
      { mainBranch: true },
      { matchingBranch: true },
      { deployedOrReleased: true },
    ],
    includePendingStatus: true,
    providerVersionBranch: 'feat',
    includeWipPactsSince: '2026-01-31',
  });
});

test('why a pact is asked for is told before, and what would be said afterwards is not', () =>
  expect(
    listedPact({
      verificationProperties: {
        notices: [
          { when: 'before_verification', text: 'it is deployed' },
          { when: 'after_verification:success_true_published_true', text: 'no longer pending' },
          { text: 'of an older broker' },
        ],
      },
      _links: { self: { href: '/pact' } },
    }),
  ).toMatchObject({ name: '/pact', notices: ['it is deployed', 'of an older broker'] }));

test.each([
  [{}, 'required'],
  [{ pending: false }, 'required'],
  [{ pending: true }, 'pending'],
  [{ pending: true, wip: true }, 'wip'],
])('what the broker calls %j is %s', (verificationProperties, status) =>
  expect(
    listedPact({ verificationProperties, _links: { self: { href: '/pact', name: 'Pact' } } }),
  ).toEqual({ href: '/pact', name: 'Pact', status, notices: [] }),
);
