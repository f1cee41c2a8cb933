import { createLocalJWKSet, errors, type JSONWebKeySet, type JWSHeaderParameters } from 'jose';

type FindKey = ReturnType<typeof createLocalJWKSet>;

/** Nobody knows the keys: there never were any, or the one that is named may be newer than the last look. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

export interface KeySetOptions {
  /** @throws whatever kept it from coming */
  readonly fetchKeys: () => Promise<JSONWebKeySet>;
  /** Milliseconds, on a clock that only goes forward. */
  readonly now: () => number;
  readonly onFailure: (error: unknown) => void;
}

/** Between two looks for a key that nobody knows: whoever invents names of keys must not have the issuer asked each time. */
const lookAgainMs = 10_000;
/** Between two looks while the issuer does not answer. */
const retryMs = 2_000;

/** The keys of an issuer: fetched when first needed, again when they are old or a new one is named, kept while the issuer is silent. */
export class KeySet {
  readonly #options: KeySetOptions;
  #find: FindKey | undefined;
  #asked = -Infinity;
  #failed = false;
  #loaded = -Infinity;
  #loading: Promise<void> | undefined;

  constructor(options: KeySetOptions) {
    this.#options = options;
  }

  /**
   * Keys that are older than `maxAgeMs` are asked for again: of the rules that share them each says how old.
   * @throws KeysUnavailable, and what jose throws for a key that is not there
   */
  async key(header: JWSHeaderParameters, maxAgeMs: number): ReturnType<FindKey> {
    const { now } = this.#options;
    if (!this.#find) await this.#mayLoad(retryMs);
    else if (now() - this.#loaded >= maxAgeMs) void this.#mayLoad(retryMs);
    if (!this.#find) throw new KeysUnavailable('the keys of the issuer are not known yet');
    try {
      return await this.#find(header);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
    }
    await this.#mayLoad(this.#failed ? retryMs : lookAgainMs);
    if (this.#failed) throw new KeysUnavailable('the issuer may have a new key and says nothing');
    return this.#find(header);
  }

  async #mayLoad(pauseMs: number): Promise<void> {
    if (!this.#loading && this.#options.now() - this.#asked < pauseMs) return;
    await (this.#loading ??= this.#load().finally(() => (this.#loading = undefined)));
  }

  async #load(): Promise<void> {
    const { fetchKeys, now, onFailure } = this.#options;
    this.#asked = now();
    try {
      this.#find = createLocalJWKSet(await fetchKeys());
      this.#loaded = now();
      this.#failed = false;
    } catch (error) {
      this.#failed = true;
      onFailure(error);
    }
  }
}
