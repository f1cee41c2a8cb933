import { expect, test } from '@jest/globals';
import { expand, linkOf } from './links.ts';

const links = (_links: unknown) => ({ _links });

test.each([
  ['one link', { 'pb:webhooks': { href: '/webhooks' } }, undefined, '/webhooks'],
  [
    'the named one of several',
    {
      'pb:webhooks': [
        { name: 'a', href: '/a' },
        { name: 'b', href: '/b' },
      ],
    },
    'b',
    '/b',
  ],
  ['none of that name', { 'pb:webhooks': [{ name: 'a', href: '/a' }] }, 'b', undefined],
  ['another relation', { 'pb:pacts': { href: '/pacts' } }, undefined, undefined],
  ['a link without an address', { 'pb:webhooks': {} }, undefined, undefined],
  ['an address that is no text', { 'pb:webhooks': { href: 7 } }, undefined, undefined],
  ['links that are none', { 'pb:webhooks': [null, 7, { href: '/a' }] }, undefined, '/a'],
  ['no links', undefined, undefined, undefined],
])('a relation leads where the document says: %s', (_, found, name, href) =>
  expect(linkOf(links(found), 'pb:webhooks', name)).toBe(href),
);

test('a value is one segment of the path, whatever it contains', () =>
  expect(
    expand('/pacticipants/{pacticipant}/branches/{branch}/versions/{version}', {
      pacticipant: 'Bar Service',
      branch: 'feat/x?y#z',
      version: '{pacticipant}',
    }),
  ).toBe('/pacticipants/Bar%20Service/branches/feat%2Fx%3Fy%23z/versions/%7Bpacticipant%7D'));
