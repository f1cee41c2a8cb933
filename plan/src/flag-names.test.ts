import { expect, test } from '@jest/globals';
import { flagName, killFlagName, parseFlagName, shadowFlagName } from './flag-names.ts';

test('what a name is made of can be read from it', () => {
  expect(parseFlagName(flagName('catalog', 'list-products'))).toEqual({
    kind: 'route',
    context: 'catalog',
    route: 'list-products',
  });
  expect(parseFlagName(shadowFlagName('catalog', 'list-products'))).toEqual({
    kind: 'shadow',
    context: 'catalog',
    route: 'list-products',
  });
  expect(parseFlagName(killFlagName('catalog'))).toEqual({ kind: 'kill', context: 'catalog' });
});

test.each(['', 'catalog', 'catalog.', '.kill', 'catalog.list.other', 'catalog.list.shadow.x'])(
  '"%s" is no name of a flag here',
  (name) => expect(parseFlagName(name)).toBeUndefined(),
);
