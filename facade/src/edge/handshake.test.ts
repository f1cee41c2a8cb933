import { expect, test } from '@jest/globals';
import { corsRules } from './cors.ts';
import { pageThatAsks } from './handshake.ts';

const [rule] = corsRules.parse([{ origins: ['https://shop.example.com'], credentials: true }]);
const [nameless] = corsRules.parse([{ origins: ['*'] }]);

test.each([
  [rule, 'https://shop.example.com', 'welcome'],
  [rule, 'https://evil.example.com', 'refused'],
  [rule, 'null', 'refused'],
  [rule, undefined, 'welcome'],
  [undefined, 'https://evil.example.com', 'welcome'],
  [nameless, 'https://evil.example.com', 'nameless'],
  [rule, 'https://api.example.com', 'welcome'],
  [rule, 'http://api.example.com', 'welcome'],
  [rule, 'https://api.example.com:8443', 'refused'],
  [rule, 'https://edge.example.com:8443', 'welcome'],
  [rule, 'https://api.example.com.evil.com', 'refused'],
])('%j: a page of %s is %s', (by, origin, page) =>
  expect(
    pageThatAsks(by, origin, ['api.example.com:443', 'API.example.com', 'edge.example.com:8443']),
  ).toBe(page),
);
