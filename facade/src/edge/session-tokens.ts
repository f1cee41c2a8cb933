import type { WhoItIs } from './who-it-is.ts';
import { QuestionRoom } from './question-room.ts';
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
  /** Where the request comes from. */
  readonly address: string;
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
  readonly session: string;
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

/** Tokens by session: made once, told while they are young, forgotten when the session changes. */
export class SessionTokens {
  readonly #options: Omit<SessionTokensOptions, 'ask'>;
  /** Of whom the monolith said that somebody has it, and of whom it did not: who invents sessions pushes out no real one. */
  readonly #proven = new Map<string, Entry>();
  readonly #unproven = new Map<string, Entry>();
  readonly #room = new QuestionRoom();

  constructor(options: Omit<SessionTokensOptions, 'ask'>) {
    this.#options = options;
  }

  get size(): number {
    return this.#proven.size + this.#unproven.size;
  }

  /** Undefined: the monolith says that nobody has the session. @throws IdentityUnknown */
  async tokenFor(
    { session, asked, address }: SessionQuestion,
    ask: SessionTokensOptions['ask'],
  ): Promise<string | undefined> {
    const { now } = this.#options;
    const known = this.#proven.get(session) ?? this.#unproven.get(session);
    const entry = known?.asked === asked ? known : this.#begin(session, asked);
    if (entry === known) this.#use(entry);
    if (now() >= entry.freshUntil)
      await (entry.loading ??= this.#load(entry, address, ask).finally(
        () => (entry.loading = undefined),
      ));
    if (now() < entry.goodUntil) return entry.token;
    throw new IdentityUnknown('the monolith does not say who has the session');
  }

  /** Also where its cookies came in another order, or some of them only: the same session in other words. */
  forget(session: string): void {
    const ended = new Set(session.split('; '));
    // what is being asked right now ends in an entry that nobody finds any more
    for (const entries of [this.#proven, this.#unproven])
      for (const other of entries.keys())
        if (other.split('; ').some((pair) => ended.has(pair))) entries.delete(other);
  }

  /** Who asks often stays when many come. */
  #use(entry: Entry): void {
    const { session } = entry;
    const entries = this.#proven.get(session) === entry ? this.#proven : this.#unproven;
    entries.delete(session);
    entries.set(session, entry);
  }

  #begin(session: string, asked: string): Entry {
    const entry = {
      session,
      asked,
      token: undefined,
      freshUntil: -Infinity,
      goodUntil: -Infinity,
      loading: undefined,
    };
    // a session that was somebody's is asked about as one that may still be
    const before = this.#proven.has(session) ? this.#proven : this.#unproven;
    before.delete(session);
    this.#put(before, entry);
    return entry;
  }

  #put(entries: Map<string, Entry>, entry: Entry): void {
    entries.set(entry.session, entry);
    if (entries.size <= this.#options.maxSessions) return;
    const oldest = entries.keys().next().value;
    if (oldest !== undefined) entries.delete(oldest);
  }

  /** Where nobody forgot it meanwhile. */
  #move(entry: Entry, from: Map<string, Entry>, to: Map<string, Entry>): void {
    if (from.get(entry.session) !== entry) return;
    from.delete(entry.session);
    this.#put(to, entry);
  }

  async #load(entry: Entry, address: string, ask: SessionTokensOptions['ask']): Promise<void> {
    const { now, cacheMs, sign, onFailure } = this.#options;
    const started = now();
    const failed = (why: string): void => {
      entry.freshUntil = now() + retryMs;
      onFailure(why);
    };
    const proven = this.#proven.get(entry.session) === entry;
    const leave = this.#room.enter({ proven, address });
    if (!leave) return failed('too many are asked about already');
    try {
      const who = await ask();
      if (who.kind === 'unknown') return failed(who.why);
      const somebody = who.kind === 'somebody';
      if (somebody) this.#move(entry, this.#unproven, this.#proven);
      else this.#move(entry, this.#proven, this.#unproven);
      entry.token = somebody ? await sign(who) : undefined;
      entry.freshUntil = started + (somebody ? cacheMs : Math.min(cacheMs, nobodyMs));
      entry.goodUntil = Math.max(now() + 1, started + tokenSeconds * 1_000 - leastMs);
    } catch (error) {
      failed(error instanceof Error ? error.message : String(error));
    } finally {
      leave();
    }
  }
}
