import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fieldRules, renameFields } from './rename-fields.ts';

const rename = (text: string, renames: Record<string, string>) => {
  const done = renameFields(Buffer.from(text).toString('latin1'), fieldRules(renames));
  return done.kind === 'renamed' ? Buffer.from(done.text, 'latin1').toString() : done.kind;
};

test.each([
  ['{"a":1}', { '/a': 'b' }, '{"b":1}'],
  // order, spaces, numbers and escapes stay as they were written
  [
    ' {"z":1.0, "a" :12345678901234567890,"c":1e400,\n"d":"\\u00e9\\/"} ',
    { '/a': 'b' },
    ' {"z":1.0, "b" :12345678901234567890,"c":1e400,\n"d":"\\u00e9\\/"} ',
  ],
  ['[{"a":{"a":1}},{"a":2}]', { '/*/a': 'b' }, '[{"b":{"a":1}},{"b":2}]'],
  ['[{"a":1},{"a":2}]', { '/1/a': 'b' }, '[{"a":1},{"b":2}]'],
  ['{"a":{"a":1}}', { '/a': 'b', '/a/a': 'c' }, '{"b":{"c":1}}'],
  ['{"a":1,"b":2}', { '/a': 'b', '/b': 'a' }, '{"b":1,"a":2}'],
  // however the name is written
  ['{"\\u0061":1}', { '/a': 'b' }, '{"b":1}'],
  ['{"straße":1}', { '/straße': 'weg "ä"' }, '{"weg \\"ä\\"":1}'],
  ['{"a/b":1}', { '/a~1b': 'c' }, '{"c":1}'],
  ['{"a~b":1}', { '/a~0b': 'c' }, '{"c":1}'],
  // a name twice is a name twice afterwards
  ['{"a":1,"a":2}', { '/a': 'b' }, '{"b":1,"b":2}'],
  ['{"__proto__":1,"constructor":2}', { '/__proto__': 'p' }, '{"p":1,"constructor":2}'],
])('%s by %j', (text, renames, becomes) => {
  expect(rename(text, renames)).toBe(becomes);
});

test.each([
  ['{"a":1,"b":2}', 'collision'],
  ['{"b":2,"a":1}', 'collision'],
  ['{"x":{"a":1,"b":2}}', 'unchanged'],
  ['{}', 'unchanged'],
  ['7', 'unchanged'],
  ['{"a":1', 'not-json'],
  ['{"a":01}', 'not-json'],
  ['{"a":1}x', 'not-json'],
  ['{"a":"\n"}', 'not-json'],
  ['{"a":1,}', 'not-json'],
  ['{a:1}', 'not-json'],
  ['', 'not-json'],
  ['\ufeff{"a":1}', 'not-json'],
  [`${'['.repeat(100_000)}`, 'not-json'],
])('%.40s is %s', (text, kind) => {
  expect(rename(text, { '/a': 'b' })).toBe(kind);
});

test('bytes that are no text stay what they are', () => {
  const text = '{"a":"\xff\xfe"}';
  expect(renameFields(text, fieldRules({ '/a': 'b' }))).toEqual({
    kind: 'renamed',
    text: '{"b":"\xff\xfe"}',
  });
});

test('every JSON document is taken, and nothing but the name differs', () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(4), (json, indent) => {
      const text = JSON.stringify({ old: JSON.parse(json) }, undefined, indent);
      expect(rename(text, { '/old': 'new' })).toBe(text.replace('"old"', '"new"'));
    }),
    { numRuns: 200 },
  );
});
