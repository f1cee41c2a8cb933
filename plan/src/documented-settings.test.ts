import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { definitionSchema } from './definition-schema.ts';
import { defaultCutover, defaultGates } from './gate-settings.ts';
import { route } from './route-schema.ts';

const page = await readFile(new URL('../../docs/guide/your-system.md', import.meta.url), 'utf8');

/** Settings and defaults of the first table after these words. */
function settingsAfter(words: string): [string, string][] {
  const [, rest = ''] = page.split(words);
  const table = /\| setting \| default \|[^\n]*\n\|[-| ]+\n((?:\|.*\n)+)/.exec(rest)?.[1] ?? '';
  return [...table.matchAll(/^\| `(\w+)` \| (.*?) \|/gm)].map(([, name = '', value = '']) => [
    name,
    value,
  ]);
}
const told = (defaults: object): [string, string][] =>
  Object.entries(defaults).map(([name, value]) => [name, String(value)]);

test('the page has every gate and every setting of a cutover that the schema knows, with its default', () => {
  expect(settingsAfter('## Gates').toSorted()).toEqual(told(defaultGates).toSorted());
  expect(settingsAfter('In `cutover`:').toSorted()).toEqual(told(defaultCutover).toSorted());
  const { gates, cutover } = definitionSchema.shape;
  expect(Object.keys(gates.unwrap().shape).toSorted()).toEqual(
    Object.keys(defaultGates).toSorted(),
  );
  expect(Object.keys(cutover.unwrap().shape).toSorted()).toEqual(
    Object.keys(defaultCutover).toSorted(),
  );
});

test('the page has every setting of a comparison that the schema knows', () => {
  const known = Object.keys(route.shape.compare.unwrap().shape);
  expect(
    settingsAfter('## What of two answers')
      .map(([name]) => name)
      .toSorted(),
  ).toEqual(known.toSorted());
});
