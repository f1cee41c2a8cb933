import { expect, test } from '@jest/globals';
import { routeText } from './route.ts';

const flag = { name: 'strangler.catalog.show', exists: true, enabled: true };
const flags = [
  { ...flag, percent: 25, otherStrategies: 1 },
  { name: 'strangler.catalog.list', exists: false, enabled: false, percent: 0, otherStrategies: 0 },
];

test('a flag that was never made is not the same as one at 0 %', () => {
  expect(routeText({ context: 'catalog', killed: false, flags }).split('\n')).toEqual([
    'flag                    percent   other strategies',
    'strangler.catalog.show  25 %      1',
    'strangler.catalog.list  not made  0',
  ]);
});

test('the kill switch is told first', () => {
  expect(routeText({ context: 'catalog', killed: true, flags }).split('\n')[0]).toBe(
    'kill switch is ON: every read of catalog goes to its owner',
  );
});

test('who has a flag by name is told beside the share, as far as anybody can', () => {
  const named = { ...flag, percent: 0, otherStrategies: 0, identities: ['0f'] };
  const shown = routeText({ context: 'catalog', killed: false, flags: [named] });
  expect(shown).toContain('0 % and named identities');
  expect(shown).not.toContain('0f');
});
