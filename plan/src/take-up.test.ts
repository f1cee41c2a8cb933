import { expect, test } from '@jest/globals';
import type { DataKind, MigrationDefinition } from './migration.ts';
import { refuseLostContext, refuseOtherIdentity } from './take-up.ts';
import { type Stage, stages } from './stages.ts';

const definition = (identity?: string[]): MigrationDefinition => ({
  context: 'goods',
  data: 'replicated',
  monolith: { url: 'http://m' },
  service: { url: 'http://s' },
  routes: [],
  ...(identity && { identity }),
});
const stands = (stage: Stage, dataKind: DataKind = 'replicated', known = true) => ({
  stage,
  dataKind,
  known,
});
const refused = { code: 'CONFIG_INVALID', remedy: expect.stringContaining('anew') };

test.each(stages)('a file that goes, and another identity, at stage %s', (stage) => {
  const losing = () => refuseLostContext('goods', stands(stage));
  const naming = () => refuseOtherIdentity(definition(), definition(['cookie:a']), stands(stage));
  for (const changing of [losing, naming])
    if (stage === 'monolith') expect(changing).not.toThrow();
    else expect(changing).toThrow(expect.objectContaining(refused));
});

test('nobody is pinned where data has no second home, or where nobody knows of the context', () => {
  for (const kind of ['none', 'shared'] as const)
    refuseOtherIdentity(definition(['a:b']), definition(), stands('service', kind));
  refuseOtherIdentity(definition(['a:b']), definition(), stands('service', 'replicated', false));
  refuseLostContext('goods', stands('service', 'replicated', false));
});

test('no identity is the same as an empty list of them; their order is not', () => {
  refuseOtherIdentity(definition(), definition([]), stands('service'));
  const [one, other] = [definition(['a:b', 'c:d']), definition(['c:d', 'a:b'])];
  refuseOtherIdentity(one, definition(['a:b', 'c:d']), stands('service'));
  expect(() => refuseOtherIdentity(one, other, stands('service'))).toThrow('another identity');
});
