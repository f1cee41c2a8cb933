import type { JSONWebKeySet } from 'jose';

const withinMs = 3_000;
const mostBytes = 262_144;

/** What an issuer publishes; whether it is a set of keys at all is looked at by whoever uses it. @throws whatever kept it from coming */
export async function fetchKeys(url: string): Promise<JSONWebKeySet> {
  // a redirect could lead to keys of anybody
  const answer = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(withinMs),
    headers: { accept: 'application/jwk-set+json, application/json' },
  });
  if (!answer.ok) {
    await answer.body?.cancel();
    throw new Error(`${new URL(url).host} answered ${answer.status}`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += chunk.length;
    if (size > mostBytes)
      throw new Error(`${new URL(url).host} has more than ${mostBytes} bytes of keys`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as JSONWebKeySet;
}
