import { createHash } from 'node:crypto';
import { type RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';
import type { Problem } from '../proxy/problem.ts';
import { BoundedKeys } from './bounded-keys.ts';
import type { LimitRule } from './limit-rules.ts';

export type HeaderPair = readonly [name: string, value: string];
export interface Counted {
  readonly kind: 'within' | 'over';
  readonly policy: string;
  readonly state: string;
  readonly waitSeconds: number;
}
/** `uncounted`: nobody could count. */
export type LimitVerdict = Counted | { readonly kind: 'uncounted' };

export interface RateLimitOptions {
  readonly rule: LimitRule;
  readonly limiter: RateLimiterAbstract;
  readonly onFailure: (error: unknown) => void;
  /** Milliseconds, on a clock that only goes forward. */
  readonly now: () => number;
}

const mostKeys = 100_000;
/** A store that failed is not asked again for so long: requests must not wait for it one by one. */
const pauseMs = 1_000;

/** One rule's count. A store that is down limits nobody. */
export class RateLimit {
  readonly per: LimitRule['per'];
  readonly #options: RateLimitOptions;
  readonly #keys: BoundedKeys;
  readonly #name: string;
  readonly #policy: string;
  #pausedUntil = -Infinity;

  constructor(options: RateLimitOptions) {
    this.#options = options;
    const { requests, seconds, per, name } = options.rule;
    this.per = per;
    this.#keys = new BoundedKeys(mostKeys, seconds * 1_000);
    this.#name = name ?? `${requests}-in-${seconds}s`;
    this.#policy = `"${this.#name}";q=${requests};w=${seconds}`;
  }

  async count(route: string, who: string): Promise<LimitVerdict> {
    const { limiter, now, onFailure } = this.#options;
    const at = now();
    if (at < this.#pausedUntil) return this.#uncounted(undefined);
    // neither names nor tokens stand in a store
    const hashed = createHash('sha256').update(`${route}\n${who}`).digest('base64url');
    try {
      return this.#told('within', await limiter.consume(this.#keys.of(hashed, at)));
    } catch (error) {
      if (error instanceof RateLimiterRes) return this.#told('over', error);
      this.#pausedUntil = now() + pauseMs;
      onFailure(error);
      return { kind: 'uncounted' };
    }
  }

  #uncounted(error: unknown): LimitVerdict {
    this.#options.onFailure(error);
    return { kind: 'uncounted' };
  }

  #told(kind: 'within' | 'over', { remainingPoints, msBeforeNext }: RateLimiterRes): LimitVerdict {
    const waitSeconds = Math.max(1, Math.ceil(msBeforeNext / 1_000));
    const left = Math.max(0, remainingPoints);
    return {
      kind,
      policy: this.#policy,
      state: `"${this.#name}";r=${left};t=${waitSeconds}`,
      waitSeconds,
    };
  }
}

/** What answers say of the limits that were counted (draft-ietf-httpapi-ratelimit-headers). */
export function limitHeaders(verdicts: readonly LimitVerdict[]): HeaderPair[] {
  const counted = verdicts.filter((verdict): verdict is Counted => verdict.kind !== 'uncounted');
  if (counted.length === 0) return [];
  return [
    ['ratelimit-policy', counted.map(({ policy }) => policy).join(', ')],
    ['ratelimit', counted.map(({ state }) => state).join(', ')],
  ];
}

/** How a request is refused that is over one of them; undefined: it is over none. */
export function overLimit(verdicts: readonly LimitVerdict[]): Problem | undefined {
  const over = verdicts.filter((verdict): verdict is Counted => verdict.kind === 'over');
  if (over.length === 0) return undefined;
  return {
    status: 429,
    code: 'RATE_LIMITED',
    detail: 'Too many requests of this kind. Try again later.',
    retryAfterSeconds: Math.max(...over.map(({ waitSeconds }) => waitSeconds)),
    headers: limitHeaders(verdicts),
  };
}
