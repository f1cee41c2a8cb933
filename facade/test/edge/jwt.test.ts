import { createHmac, createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  base64url,
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWK,
  type JWTPayload,
  SignJWT,
} from 'jose';
import { createFacade } from '../../src/facade.ts';
import { ask, askRaw } from '../support/client.ts';
import { itemsContext } from '../support/contexts.ts';
import { type RunningFacade, startFacade } from '../support/facade.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const issuer = 'https://id.example';
const audience = 'shop';
const pairs = {
  rsa: await generateKeyPair('RS256'),
  ec: await generateKeyPair('ES256'),
  stranger: await generateKeyPair('RS256'),
};
const published = async (name: keyof typeof pairs, kid: string): Promise<JWK> => ({
  ...(await exportJWK(pairs[name].publicKey)),
  kid,
});
const rsa = await published('rsa', 'one');
const ec = await published('ec', 'two');
const strangers = await published('stranger', 'three');

interface Wish {
  readonly key?: CryptoKey;
  readonly header?: Record<string, unknown>;
  readonly claims?: JWTPayload;
}
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1_000) + seconds;
const token = ({ key = pairs.rsa.privateKey, header, claims }: Wish = {}): Promise<string> =>
  new SignJWT({ iss: issuer, aud: audience, sub: 'anna', exp: inSeconds(60), ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'one', ...header })
    .sign(key);
const handmade = (header: unknown, signature: (text: string) => string): string => {
  const part = (value: unknown): string => base64url.encode(JSON.stringify(value));
  const claims = { iss: issuer, aud: audience, sub: 'root', exp: inSeconds(60) };
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${signature(text)}`;
};

describe.each(['undici', 'middleware'] as const)('tokens, through %s', (forwarder) => {
  let monolith: Upstream;
  let service: Upstream;
  let keys: Upstream;
  let facade: RunningFacade;
  let jwks: { keys: JWK[] };
  let status = 200;
  const rule = { issuer, audience, clockSkewSeconds: 5 };
  beforeAll(async () => {
    monolith = await startUpstream('monolith');
    service = await startUpstream('service');
    keys = await startUpstream('keys', (_request, response) => {
      response.writeHead(status).end(JSON.stringify(jwks));
    });
    jwks = { keys: [rsa] };
    const at = `${keys.url}/jwks`;
    facade = await startFacade({
      contexts: [itemsContext('none', monolith.url, service.url)],
      monolithUrl: monolith.url,
      forwarder,
      edge: {
        jwt: [
          { ...rule, routes: ['items.add'], jwks: at, scopes: ['items.write', 'x'] },
          { ...rule, routes: ['items.one'], jwks: `${keys.url}/nowhere` },
          { ...rule, routes: ['items'], jwks: at },
        ],
      },
    });
  });
  beforeEach(() => {
    monolith.seen.length = 0;
    status = 200;
    jwks = { keys: [rsa] };
  });
  afterAll(async () => {
    await facade?.stop();
    await Promise.all([monolith, service, keys].map((one) => one?.close()));
  });
  const get = (bearer?: string, path = '/api/items') =>
    ask(facade.port, path, {
      headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` },
    });
  const refusal = async (bearer?: string) => {
    const { status: code, headers, body } = await get(bearer);
    return [code, JSON.parse(body).code, headers['www-authenticate']];
  };
  const invalid = (why: string) => [
    401,
    'TOKEN_INVALID',
    `Bearer realm="strangler-facade", error="invalid_token", error_description="${why}"`,
  ];

  test('a token of the issuer is let in, and goes on as it came', async () => {
    const good = await token();
    expect((await get(good)).status).toBe(200);
    expect(monolith.seen[0]?.headers.authorization).toBe(`Bearer ${good}`);
    expect((await get(await token({ claims: { aud: ['other', audience] } }))).status).toBe(200);
  });

  test('without one no upstream is asked', async () => {
    const answer = await get();
    expect(answer.status).toBe(401);
    expect(answer.headers).toMatchObject({
      'www-authenticate': 'Bearer realm="strangler-facade"',
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
    });
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'TOKEN_REQUIRED', status: 401 });
    expect(monolith.seen).toEqual([]);
    expect(await facade.metric(/^facade_rejected_total{code="TOKEN_REQUIRED"}/)).toBe(1);
  });

  test.each([
    ['it has expired', { claims: { exp: inSeconds(-10) } }],
    ['it has no time at which it ends', { claims: { exp: undefined } }],
    ['it is not valid yet', { claims: { nbf: inSeconds(30) } }],
    ['it is for another audience', { claims: { aud: 'shop2' } }],
    ['it is for another audience', { claims: { aud: undefined } }],
    ['it is of another issuer', { claims: { iss: `${issuer}/` } }],
    ['its signature is not right', { key: pairs.stranger.privateKey }],
    ['the issuer has no such key', { header: { kid: '../../jwks' } }],
    ['the issuer has no such key', { header: { kid: "' OR 1=1" } }],
    // an address of keys of one's own, and a key of one's own
    ['its signature is not right', { key: pairs.stranger.privateKey, header: { jku: 'http://x' } }],
    ['its signature is not right', { key: pairs.stranger.privateKey, header: { jwk: strangers } }],
  ])('refused, because %s (%#)', async (why, wish) => {
    expect(await refusal(await token(wish as Wish))).toEqual(invalid(why));
    expect(monolith.seen).toEqual([]);
  });

  test('the clocks of issuer and facade may differ by what the rule allows', async () => {
    expect((await get(await token({ claims: { exp: inSeconds(-2) } }))).status).toBe(200);
    expect((await get(await token({ claims: { nbf: inSeconds(2) } }))).status).toBe(200);
  });

  test('nobody signs with what everybody knows', async () => {
    const none = handmade({ alg: 'none' }, () => '');
    expect(await refusal(none)).toEqual(invalid('its algorithm is not allowed'));
    const spki = await exportSPKI(pairs.rsa.publicKey);
    const der = createPublicKey(spki).export({ format: 'der', type: 'spki' });
    for (const secret of [spki, der, JSON.stringify(rsa)]) {
      const forged = handmade({ alg: 'HS256', kid: 'one' }, (text) =>
        createHmac('sha256', secret).update(text).digest('base64url'),
      );
      expect(await refusal(forged)).toEqual(invalid('its algorithm is not allowed'));
    }
    // the issuer publishes a secret by mistake
    jwks = { keys: [{ kty: 'oct', k: base64url.encode('secret'), kid: 'one', alg: 'HS256' }, rsa] };
    const shared = handmade({ alg: 'HS256', kid: 'one' }, (text) =>
      createHmac('sha256', 'secret').update(text).digest('base64url'),
    );
    expect(await refusal(shared)).toEqual(invalid('its algorithm is not allowed'));
    expect(monolith.seen).toEqual([]);
  });

  test.each([
    ['a.b.c', 'it is no token of the issuer'],
    ['..', 'it is no token of the issuer'],
    ['{}', 'it is no token'],
    ['x'.repeat(20_000), 'the token is too long'],
    [
      handmade({ alg: 'RS256', kid: 'one', crit: ['x'], x: 1 }, () => 'AA'),
      'it is no token of the issuer',
    ],
  ])('what is no token is refused (%#)', async (text, why) =>
    expect(await refusal(text)).toEqual(invalid(why)),
  );

  test('two Authorization headers are refused, whichever is good', async () => {
    const good = `Authorization: Bearer ${await token()}`;
    for (const lines of [
      [good, good],
      [good, 'Authorization: Basic YTpi'],
      ['authorization: Bearer x', good],
    ]) {
      const text = ['GET /api/items HTTP/1.1', 'Host: x', 'Connection: close', ...lines, '', ''];
      const answer = await askRaw(facade.port, text.join('\r\n'));
      expect(answer).toContain('401 Unauthorized');
      expect(answer).toContain('Authorization is there twice');
    }
    expect(monolith.seen).toEqual([]);
  });

  test('what is allowed to read may lack the scope to write', async () => {
    const post = async (claims: JWTPayload) => {
      const answer = await ask(facade.port, '/api/items', {
        method: 'POST',
        body: '{}',
        headers: { authorization: `Bearer ${await token({ claims })}` },
      });
      return [answer.status, answer.headers['www-authenticate']];
    };
    const lacking =
      'Bearer realm="strangler-facade", error="insufficient_scope", scope="items.write x"';
    expect(await post({})).toEqual([403, lacking]);
    expect(await post({ scope: 'items.writex x' })).toEqual([403, lacking]);
    expect(await post({ scope: 'x items.write' })).toEqual([200, undefined]);
    expect(await post({ scp: ['items.write', 'x'] })).toEqual([200, undefined]);
  });

  test('keys that never came are no reason to believe or to refuse anybody: 503', async () => {
    status = 500;
    const { status: code, headers, body } = await get(await token(), '/api/items/1');
    expect([code, JSON.parse(body).code]).toEqual([503, 'TOKEN_KEYS_UNAVAILABLE']);
    expect(headers['retry-after']).toBe('2');
    expect(monolith.seen).toEqual([]);
    expect(await facade.metric(/^facade_edge_failures_total{duty="jwt"}/)).toBeGreaterThan(0);
    // of the others the keys are known
    expect((await get(await token())).status).toBe(200);
  });

  test('a handshake of a WebSocket shows its token like every request', async () => {
    const handshake = async (...lines: string[]) =>
      askRaw(
        facade.port,
        [
          'GET /api/items HTTP/1.1',
          'Host: x',
          'Connection: Upgrade',
          'Upgrade: websocket',
          ...lines,
          '',
          '',
        ].join('\r\n'),
      );
    const refused = await handshake();
    expect(refused).toContain('HTTP/1.1 401 Unauthorized');
    expect(refused).toContain('www-authenticate: Bearer realm="strangler-facade"');
    expect(monolith.seen).toEqual([]);
    await handshake(`Authorization: Bearer ${await token()}`);
    expect(monolith.seen.map(({ url }) => url)).toEqual(['/api/items']);
  });

  test('what no rule names asks for nothing', async () => {
    expect((await get(undefined, '/elsewhere')).status).toBe(200);
  });
});

describe('an issuer with several keys', () => {
  test('is believed by each of them, also when a token names none, and in front of everything', async () => {
    const keys = await startUpstream('keys', (_request, response) => {
      response.end(JSON.stringify({ keys: [ec, strangers, rsa] }));
    });
    const monolith = await startUpstream('monolith');
    const facade = await startFacade({
      contexts: [],
      monolithUrl: monolith.url,
      edge: { jwt: [{ issuer, audience, jwks: keys.url }] },
    });
    try {
      const get = async (bearer: string) =>
        (await ask(facade.port, '/', { headers: { authorization: `Bearer ${bearer}` } })).status;
      const byEc = { key: pairs.ec.privateKey, header: { alg: 'ES256', kid: 'two' } };
      expect(await get(await token(byEc))).toBe(200);
      expect(await get(await token())).toBe(200);
      expect(keys.seen).toHaveLength(1);
      // two RSA keys could have signed it
      expect(await get(await token({ header: { kid: undefined } }))).toBe(200);
      // what nobody claims is asked for tokens by "*"
      expect((await ask(facade.port, '/')).status).toBe(401);
      const preflight = { origin: 'https://a', 'access-control-request-method': 'PUT' };
      const asked = { method: 'OPTIONS', headers: preflight };
      expect((await ask(facade.port, '/', asked)).status).toBe(200);
      expect((await ask(facade.port, '/', { method: 'OPTIONS' })).status).toBe(401);
      // only a browser asks so: it says its origin, and names no other method for a framework to take
      const { origin: _, ...noOrigin } = preflight;
      for (const headers of [noOrigin, { ...preflight, 'x-http-method-override': 'DELETE' }])
        expect((await ask(facade.port, '/', { method: 'OPTIONS', headers })).status).toBe(401);
    } finally {
      await facade.stop();
      await Promise.all([keys.close(), monolith.close()]);
    }
  });
});

test.each([
  [{ jwt: [{ issuer, jwks: 'http://a' }] }, /^edge: jwt\.0\.audience/],
  [{ jwt: [{ issuer, audience, jwks: 'file:///keys' }] }, /^edge: jwt\.0\.jwks/],
  [{ jwt: [{ issuer, audience, jwks: 'http://a', algorithms: ['HS256'] }] }, /algorithms/],
  [{ jwt: [{ issuer, audience, jwks: 'http://a', algorithms: ['none'] }] }, /algorithms/],
  [
    { jwt: [{ issuer, audience, jwks: 'http://a', routes: ['itmes'] }] },
    /no context file has itmes/,
  ],
  [{ jtw: [] }, /jtw/],
])('a faulty edge starts no facade: %j', (edge, message) => {
  const monolithUrl = 'http://127.0.0.1:9';
  const contexts = [itemsContext('none', monolithUrl, monolithUrl)];
  const options = { contexts, monolithUrl, stateDir: '.', name: 'x', edge: edge as never };
  expect(() => createFacade(options)).toThrow(message);
});
