import { expect, test } from '@jest/globals';
import { closeAll } from './close-all.ts';

test('what cannot be closed leaves nothing else open, and is told', async () => {
  const closed: string[] = [];
  const closing = (name: string, error?: string) => async () => {
    closed.push(name);
    if (error !== undefined) throw new Error(error);
  };
  await expect(
    closeAll([closing('watch', 'gone'), closing('door', 'gone too'), closing('folder')]),
  ).rejects.toThrow(/^gone$/);
  expect(closed).toEqual(['watch', 'door', 'folder']);
  await closeAll([closing('one more')]);
});
