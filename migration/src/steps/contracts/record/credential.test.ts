import { expect, test } from '@jest/globals';
import { readCredential, signedRequest, stateValues, withoutValues } from './credential.ts';

const env = { TOKEN: ' Bearer s3cret-of-mine\n', SID: 'sid=1234abcd; theme=dark', TWO: 'a\nb' };

test('a credential is read from where it lies, and is asked for by a state with a made-up example', async () => {
  const credential = await readCredential(
    ['Authorization=env:TOKEN', 'cookie=env:SID', 'x-api-key=env:SID'],
    'a clerk',
    env,
  );
  if (credential === undefined) throw new Error('no credential');
  expect(credential.headers.authorization).toBe('Bearer s3cret-of-mine');
  const { headers, generators } = signedRequest(credential);
  expect(headers).toEqual({
    Authorization: ['Bearer made-up'],
    Cookie: ['session=made-up'],
    'X-Api-Key': ['made-up'],
  });
  expect(generators).toEqual({
    header: {
      Authorization: { type: 'ProviderState', expression: '${authorization}' },
      Cookie: { type: 'ProviderState', expression: '${cookie}' },
      'X-Api-Key': { type: 'ProviderState', expression: '${x_api_key}' },
    },
  });
  expect(Object.keys(stateValues(credential))).toEqual(['authorization', 'cookie', 'x_api_key']);
  expect(withoutValues('got Bearer s3cret-of-mine, then s3cret-of-mine', credential)).toBe(
    'got …, then …',
  );
});

test('no header, no credential; what is no place or no line of text is refused without being repeated', async () => {
  expect(await readCredential([], 'a user', env)).toBeUndefined();
  for (const wrong of ['authorization=Bearer s3cret', 's3cret', 'x y=env:TOKEN', 'cookie=env:'])
    await expect(readCredential([wrong], 'a user', env)).rejects.toMatchObject({
      code: 'USAGE',
      message: '--header says no place where its value is',
    });
  await expect(readCredential(['cookie=env:TWO'], 'a user', env)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: 'the value of the header cookie is no line of text',
  });
  await expect(readCredential(['cookie=file:/no/such'], 'a user', env)).rejects.toMatchObject({
    code: 'CONFIG_NOT_FOUND',
  });
});
