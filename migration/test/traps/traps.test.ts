import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { type Proof, traps } from './traps.ts';

const folder = new URL('../../', import.meta.url);
const isThere = async ([file, name]: Proof): Promise<boolean> => {
  const text = await readFile(new URL(file, folder), 'utf8').catch(() => '');
  // A name that is too long for its line stands on the next one.
  return text
    .replaceAll(/\(\s*\n\s*(?=['`"])/g, '(')
    .split('\n')
    .some(
      (line) =>
        /\btest(\.each)?\b|^\s*\]\)\(/.test(line) && line.replaceAll(`\\'`, `'`).includes(name),
    );
};

test.each(traps.map((trap) => [trap.what, trap] as const))(
  'there is a test against: %s',
  async (_, { embedded = [], kafka = [], both = [] }) => {
    const proofs = [...embedded, ...kafka, ...both];
    expect(proofs.length).toBeGreaterThan(0);
    for (const proof of proofs) expect([proof, await isThere(proof)]).toEqual([proof, true]);
  },
);

test('a test that is not there is missed', async () => {
  expect(await isThere(['test/traps/traps.test.ts', 'nobody wrote ' + 'this'])).toBe(false);
});
