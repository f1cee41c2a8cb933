import type { WhoItIs } from './who-it-is.ts';
import { tokenSeconds } from './session-signer.ts';

/** The monolith does not say who has a session, and what it said before is too old. */
export class IdentityUnknown extends Error {
  override readonly name = 'IdentityUnknown';
}

export interface SessionQuestion {
  /** What carries the session. */
  readonly session: string;
  /** What else the monolith's answer may hang on: its host and scheme. */
  readonly asked: string;
}

export interface SessionTokensOptions {
  /** @throws whatever kept the answer from coming */
  readonly ask: () => Promise<WhoItIs>;
  readonly cacheMs: number;
  readonly maxSessions: number;
  /** Milliseconds, on a clock that only goes forward. */
  readonly now: () => number;
  readonly sign: (who: WhoItIs & { kind: 'somebody' }) => Promise<string>;
  readonly onFailure: (why: string) => void;
}

interface Entry {
  readonly asked: string;
  token: string | undefined;
  /** The monolith is not asked until then. */
  freshUntil: number;
  /** What stands here may be told until then, while the monolith is silent. */
  goodUntil: number;
  loading: Promise<void> | undefined;
}

/** Nobody may be somebody in a moment: who logs in without another cookie. */
const nobodyMs = 5_000;
/** Between two questions about a session that the monolith had no answer to. */
const retryMs = 1_000;
/** A token that is told must live on while the service looks at it. */
const leastMs = 10_000;
/** Questions to the monolith under way at a time. */
const mostQuestions = 64;

/** Tokens by session: made once, told while they are young, forgotten when the session changes. */
export class SessionTokens {
  readonly #options: Omit<SessionTokensOptions, 'ask'>;
  readonly #entries = new Map<string, Entry>();
  #questions = 0;

  constructor(options: Omit<SessionTokensOptions, 'ask'>) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Undefined: the monolith says that nobody has the session. @throws IdentityUnknown */
  async tokenFor(
    { session, asked }: SessionQuestion,
    ask: SessionTokensOptions['ask'],
  ): Promise<string | undefined> {
    const { now } = this.#options;
    let entry = this.#entries.get(session);
    if (entry?.asked !== asked) entry = this.#begin(session, asked);
    else this.#use(session, entry);
    if (now() >= entry.freshUntil)
      await (entry.loading ??= this.#load(entry, ask).finally(() => (entry.loading = undefined)));
    if (now() < entry.goodUntil) return entry.token;
    throw new IdentityUnknown('the monolith does not say who has the session');
  }

  /** Also where its cookies came in another order, or some of them only: the same session in other words. */
  forget(session: string): void {
    const ended = new Set(session.split('; '));
    // what is being asked right now ends in an entry that nobody finds any more
    for (const other of this.#entries.keys())
      if (other.split('; ').some((pair) => ended.has(pair))) this.#entries.delete(other);
  }

  /** Who asks often stays when many come. */
  #use(session: string, entry: Entry): void {
    this.#entries.delete(session);
    this.#entries.set(session, entry);
  }

  #begin(session: string, asked: string): Entry {
    const entry = {
      asked,
      token: undefined,
      freshUntil: -Infinity,
      goodUntil: -Infinity,
      loading: undefined,
    };
    this.#entries.delete(session);
    this.#entries.set(session, entry);
    if (this.#entries.size > this.#options.maxSessions) {
      const oldest = this.#entries.keys().next().value;
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    return entry;
  }

  async #load(entry: Entry, ask: SessionTokensOptions['ask']): Promise<void> {
    const { now, cacheMs, sign, onFailure } = this.#options;
    const started = now();
    const failed = (why: string): void => {
      entry.freshUntil = now() + retryMs;
      onFailure(why);
    };
    if (this.#questions >= mostQuestions) return failed('too many are asked about already');
    this.#questions++;
    try {
      const who = await ask();
      if (who.kind === 'unknown') return failed(who.why);
      const somebody = who.kind === 'somebody';
      entry.token = somebody ? await sign(who) : undefined;
      entry.freshUntil = started + (somebody ? cacheMs : Math.min(cacheMs, nobodyMs));
      entry.goodUntil = Math.max(now() + 1, started + tokenSeconds * 1_000 - leastMs);
    } catch (error) {
      failed(error instanceof Error ? error.message : String(error));
    } finally {
      this.#questions--;
    }
  }
}
