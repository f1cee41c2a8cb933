import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { Upload } from './upload.ts';

test('an upload that breaks off while nobody has taken it ends itself only, not the process', async () => {
  const source = Object.assign(new PassThrough(), { complete: false });
  const upload = new Upload(source as unknown as IncomingMessage);
  source.destroy();
  await new Promise((resolve) => upload.once('close', resolve));
  expect(upload.errored).toMatchObject({ message: 'the client broke off' });
});
