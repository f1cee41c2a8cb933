import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { StranglerError } from '@strangler-toolkit/plan';
import { type JWK, SignJWT } from 'jose';

/** So long a service may go on believing it. */
export const tokenSeconds = 60;

interface SigningKey {
  readonly key: KeyObject;
  readonly alg: 'EdDSA' | 'ES256';
  readonly published: JWK;
}

function signingKey(pem: string, which: string): SigningKey {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw new StranglerError('CONFIG_INVALID', `edge: ${which} is no private key in PEM`, {
      cause,
      remedy: 'Make one: openssl genpkey -algorithm ed25519',
    });
  }
  const curve = key.asymmetricKeyDetails?.namedCurve;
  const alg =
    key.asymmetricKeyType === 'ed25519' ? 'EdDSA' : curve === 'prime256v1' ? 'ES256' : undefined;
  if (alg === undefined)
    throw new StranglerError(
      'CONFIG_INVALID',
      `edge: ${which} is a key of kind ${key.asymmetricKeyType ?? 'unknown'}`,
      { remedy: 'Take one of Ed25519 or P-256: openssl genpkey -algorithm ed25519' },
    );
  const { kty, crv, x, y } = createPublicKey(key).export({ format: 'jwk' });
  // RFC 7638: the name of a key is what it is
  const members = y === undefined ? { crv, kty, x } : { crv, kty, x, y };
  const kid = createHash('sha256').update(JSON.stringify(members)).digest('base64url');
  return { key, alg, published: { ...members, kid, alg, use: 'sig' } as JWK };
}

export interface SignerOptions {
  readonly pems: readonly string[];
  readonly issuer: string;
  readonly audience: string;
}

/** Signs who somebody is, for services: with the first key; what the others signed before is good until it ends. */
export class SessionSigner {
  readonly published: readonly JWK[];
  readonly #first: SigningKey;
  readonly #options: SignerOptions;

  /** @throws StranglerError CONFIG_INVALID */
  constructor(options: SignerOptions) {
    const [first, ...others] = options.pems.map((pem, index) =>
      signingKey(pem, `sessions: keys[${index}]`),
    );
    if (!first) throw new StranglerError('CONFIG_INVALID', 'edge: sessions: no key');
    this.#first = first;
    this.published = [first, ...others].map(({ published }) => published);
    this.#options = options;
  }

  sign(subject: string, claims: Readonly<Record<string, unknown>>): Promise<string> {
    const { key, alg, published } = this.#first;
    return new SignJWT({ ...claims })
      .setProtectedHeader({ alg, kid: published.kid ?? '', typ: 'JWT' })
      .setSubject(subject)
      .setIssuer(this.#options.issuer)
      .setAudience(this.#options.audience)
      .setIssuedAt()
      .setExpirationTime(`${tokenSeconds}s`)
      .sign(key);
  }
}
