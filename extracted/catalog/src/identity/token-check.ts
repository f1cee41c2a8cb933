import { createHash } from 'node:crypto';
import { propagatedHeaders } from '@strangler-toolkit/service-kit';

/** What the identity context answered about a bearer token. */
export type Verdict = 'known' | 'unknown' | 'unreachable';
export type TokenCheck = (token: string) => Promise<Verdict>;

export interface TokenCheckOptions {
  /** Identity stays in the monolith: this is where it answers. */
  readonly identityUrl: string;
  readonly timeoutMs?: number;
  /** A revoked token works on for at most this long. */
  readonly freshMs?: number;
  /** While identity does not answer, tokens seen this recently are still believed. */
  readonly staleMs?: number;
  readonly clock?: () => number;
}

const largest = 10_000;

/** Asks once per token and `freshMs`, never twice at the same time; tokens are kept as hashes only. */
export function tokenCheck(options: TokenCheckOptions): TokenCheck {
  const { timeoutMs = 2_000, freshMs = 30_000, staleMs = 600_000, clock = Date.now } = options;
  const url = new URL('/api/me', options.identityUrl);
  const knownSince = new Map<string, number>();
  const asking = new Map<string, Promise<Verdict>>();

  const ask = async (token: string, key: string): Promise<Verdict> => {
    const verdict = await askIdentity(url, token, timeoutMs);
    if (verdict === 'known') {
      knownSince.delete(key);
      knownSince.set(key, clock());
      const oldest = knownSince.keys().next();
      if (knownSince.size > largest && !oldest.done) knownSince.delete(oldest.value);
      return verdict;
    }
    if (verdict === 'unknown') {
      // Not remembered: a token may be made in the next moment, and wrong ones would fill the cache.
      knownSince.delete(key);
      return verdict;
    }
    return clock() - (knownSince.get(key) ?? -Infinity) <= staleMs ? 'known' : 'unreachable';
  };

  return (token) => {
    const key = createHash('sha256').update(token).digest('base64');
    if (clock() - (knownSince.get(key) ?? -Infinity) <= freshMs) return Promise.resolve('known');
    let answer = asking.get(key);
    if (!answer) {
      answer = ask(token, key).finally(() => asking.delete(key));
      asking.set(key, answer);
    }
    return answer;
  };
}

async function askIdentity(url: URL, token: string, timeoutMs: number): Promise<Verdict> {
  try {
    const response = await fetch(url, {
      headers: { ...propagatedHeaders(), authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'manual',
    });
    await response.body?.cancel();
    if (response.ok) return 'known';
    return response.status === 401 || response.status === 403 ? 'unknown' : 'unreachable';
  } catch {
    return 'unreachable';
  }
}
