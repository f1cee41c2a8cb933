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
const told = (defaults: object): ReadonlyMap<string, string> =>
  new Map(Object.entries(defaults).map(([name, value]) => [name, String(value)]));

test('the page has every gate and every setting of a cutover that the schema knows, with its default', () => {
  expect(new Map(settingsAfter('## Gates'))).toEqual(told(defaultGates));
  expect(new Map(settingsAfter('In `cutover`:'))).toEqual(told(defaultCutover));
  const { gates, cutover } = definitionSchema.shape;
  expect(new Set(Object.keys(gates.unwrap().shape))).toEqual(new Set(Object.keys(defaultGates)));
  expect(new Set(Object.keys(cutover.unwrap().shape))).toEqual(
    new Set(Object.keys(defaultCutover)),
  );
});

test('the page has every setting of a comparison that the schema knows', () => {
  const known = new Set(Object.keys(route.shape.compare.unwrap().shape));
  expect(new Set(settingsAfter('## What of two answers').map(([name]) => name))).toEqual(known);
});
