import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { testsInFile } from './tests-in-file.ts';
import { type Proof, traps } from './traps.ts';

const folder = new URL('../../', import.meta.url);
const isThere = async ([file, name]: Proof): Promise<boolean> => {
  const text = await readFile(new URL(file, folder), 'utf8').catch(() => '');
  return testsInFile(text).some((written) => written.includes(name));
};

test.each(traps.map((trap) => [trap.what, trap] as const))(
  'there is a test against: %s',
  async (_, { embedded = [], kafka = [], both = [] }) => {
    const proofs = [...embedded, ...kafka, ...both];
    expect(proofs.length).toBeGreaterThan(0);
    for (const proof of proofs) expect([proof, await isThere(proof)]).toEqual([proof, true]);
  },
);

describe('a proof', () => {
  test('that is not there is missed', async () => {
    expect(await isThere(['test/traps/traps.test.ts', 'nobody wrote ' + 'this'])).toBe(false);
    expect(await isThere(['test/traps/no-such-file.test.ts', ''])).toBe(false);
  });

  test('is a test that runs: none that is skipped, commented out or only spoken of', () => {
    expect(
      testsInFile(`
        // test('in a comment', () => {});
        const text = "test('in a text', () => {})";
        test('alone', () => {});
        test.skip('skipped', () => {});
        test.todo('to be written');
        xtest('crossed out', () => {});
        test.each([1])('for each %d', () => {});
        test.skip.each([1])('skipped for each', () => {});
        describe('some', () => {
          test(\`of \${1} kinds\`, () => {});
          it('it', () => {});
        });
        describe.skip('others', () => {
          test('skipped with them', () => {});
        });
        describeWithKafka('with servers', () => test('there', () => {}));
      `),
    ).toEqual(['alone', 'for each %d', 'of … kinds', 'it', 'there']);
  });
});
