import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { edgeSchema } from './edge-schema.ts';
import { edgeRules } from './load-edge.ts';

const page = await readFile(new URL('../../../docs/guide/edge.md', import.meta.url), 'utf8');

test('the guide has a section and an example for every duty, and each example is taken', () => {
  const shown = new Set<string>();
  for (const [, json = ''] of page.matchAll(/```json\n([\s\S]*?)```/g))
    for (const duty of Object.keys(edgeRules(JSON.parse(json)))) shown.add(duty);
  const duties = Object.keys(edgeSchema.shape).filter((name) => !name.startsWith('$'));
  expect(duties.filter((duty) => !shown.has(duty))).toEqual([]);
  expect(duties.filter((duty) => !new RegExp(`^## .*\`${duty}\``, 'm').test(page))).toEqual([]);
});

test('the guide names every field of every duty', () => {
  const names = (schema: unknown, found = new Set<string>()): Set<string> => {
    const { type, shape, element, innerType, options, valueType } = (
      schema as { def: Record<string, unknown> }
    ).def;
    if (type === 'object')
      for (const [name, inner] of Object.entries(shape as object)) {
        found.add(name);
        names(inner, found);
      }
    for (const inner of [element, innerType, valueType, ...((options ?? []) as unknown[])])
      if (inner) names(inner, found);
    return found;
  };
  const fields = [...names(edgeSchema)].filter((name) => !name.startsWith('$'));
  expect(fields).toContain('audience');
  expect(fields.filter((name) => !page.includes(name))).toEqual([]);
});
