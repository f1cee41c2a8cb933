import { expect, test } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  type ErrorCode,
  errorCodes,
  isStranglerError,
  StranglerError,
} from '@strangler-toolkit/plan';

const root = fileURLToPath(new URL('../..', import.meta.url));
const codes = Object.keys(errorCodes) as ErrorCode[];

async function sources(): Promise<string> {
  const texts: string[] = [];
  for (const workspace of ['migration', 'facade', 'contracts', 'plan']) {
    for (const entry of await readdir(`${root}/${workspace}/src`, {
      recursive: true,
      withFileTypes: true,
    })) {
      if (
        entry.isFile() &&
        entry.name.endsWith('.ts') &&
        !entry.name.endsWith('.test.ts') &&
        !(workspace === 'plan' && entry.name === 'errors.ts')
      )
        texts.push(await readFile(`${entry.parentPath}/${entry.name}`, 'utf8'));
    }
  }
  return texts.join('\n');
}

/** Where a code is given to an error, or to what makes one; where it is only asked for (`=== 'X'`, `case 'X'`) does not count. */
const given = (code: string): RegExp =>
  new RegExp(`StranglerError\\(\\s*'${code}'|(?:return|[?:,])\\s*'${code}'\\s*[;,)?:]`);

test('every code is given to some error, and every code that is thrown is in the list', async () => {
  const text = await sources();
  expect(codes.filter((code) => !given(code).test(text))).toEqual([]);
  const thrown = [...text.matchAll(/new StranglerError\(\s*'([A-Z_]+)'/g)].map(
    (match) => match[1] ?? '',
  );
  expect(thrown.length).toBeGreaterThan(codes.length);
  expect(thrown.filter((code) => !codes.includes(code as ErrorCode))).toEqual([]);
});

test.each([
  [`throw new StranglerError(\n  'SLOT_LOST',`, true],
  [`databaseFailure(error, where, 'SLOT_LOST')`, true],
  [`return lost ? 'SLOT_LOST' : code;`, true],
  [`if (error.code === 'SLOT_LOST') return;`, false],
  [`case 'SLOT_LOST':`, false],
  [`new Set(['SLOT_LOST'])`, false],
])('a code that is asked for is not one that is given: %j', (text, gives) =>
  expect(given('SLOT_LOST').test(text)).toBe(gives),
);

test.each(codes)('%s has a remedy that says what to do', (code) => {
  expect(errorCodes[code].length).toBeGreaterThan(20);
  const error = new StranglerError(code, 'what and where', { details: { table: 'x' } });
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    code,
    message: 'what and where',
    remedy: errorCodes[code],
    details: { table: 'x' },
  });
  expect(isStranglerError(error)).toBe(true);
});

test('an error says its own remedy when it knows better, and a copy of the package is recognised', () => {
  expect(new StranglerError('USAGE', 'x', { remedy: 'do this' }).remedy).toBe('do this');
  expect(isStranglerError({ isStranglerError: true, code: 'USAGE' })).toBe(true);
  expect(isStranglerError(new Error('USAGE'))).toBe(false);
});
