import type { UpstreamAnswer } from '../proxy/answer.ts';
import { headersObject, rawHeader } from '../proxy/raw-headers.ts';
import type { Onlooker } from '../proxy/relay.ts';
import type { Chosen } from '../serving/choose-side.ts';
import type { Claim } from '../serving/claim.ts';
import type { Passage } from '../serving/passage.ts';
import type { Serving } from '../serving/serving.ts';
import type { Who } from '../serving/who.ts';
import type { AnswerCache, CachePlace, KeptAnswer } from './answer-cache.ts';
import type { CacheRule } from './cache-rules.ts';
import { asksPlainly, type CacheAsked, freshnessOf, saysWho } from './keepable.ts';
import { withoutHeaders } from './rewrite.ts';

export interface Read {
  readonly claim: Claim;
  readonly who: Who;
  readonly chosen: Chosen;
}
type Parts = Pick<Serving, 'cache' | 'ownership' | 'metrics'>;
type Outcome = 'hit' | 'miss' | 'kept' | 'bypass';

const pinned: ReadonlySet<string> = new Set(['pin', 'pin-unknown']);

/** What others were told and may be told again; undefined: nothing is kept of this route, or not for who asks. */
export function shelfOf(parts: Parts, passage: Passage, read: Read): Shelf | undefined {
  const { cache, ownership, metrics } = parts;
  const { claim, who, chosen } = read;
  const rule = claim.duties?.cache;
  const { context, definition } = claim.route;
  if (!cache || !rule || definition.kind !== 'read') return undefined;
  const count = (outcome: Outcome): void =>
    metrics.edgeCache.inc({ context, route: definition.name, outcome });
  const { headers, method } = passage.arrival;
  const known = who.identity !== undefined || saysWho(headers);
  const replicated = chosen.view.dataKind === 'replicated';
  // who may have written a moment ago, through whichever facade, never reads what was true before
  const mayBePinned =
    replicated &&
    (known || pinned.has(chosen.reason) || ownership.states.holding(context) !== undefined);
  // a body that was kept for a second try is one all the same
  const withBody = passage.withBody || passage.body !== undefined;
  const isTest = chosen.reason === 'tester';
  if (isTest || mayBePinned || withBody || !asksPlainly(method, headers)) {
    count('bypass');
    return undefined;
  }
  return new Shelf({ parts, cache, rule, passage, read, known, replicated, count });
}

interface ShelfOptions {
  readonly parts: Parts;
  readonly cache: AnswerCache;
  readonly rule: CacheRule;
  readonly passage: Passage;
  readonly read: Read;
  readonly known: boolean;
  readonly replicated: boolean;
  readonly count: (outcome: Outcome) => void;
}

/** The place of one request's answer. */
export class Shelf {
  readonly #options: ShelfOptions;
  readonly #place: CachePlace;
  readonly #asked: CacheAsked;
  readonly #writes: number;

  constructor(options: ShelfOptions) {
    this.#options = options;
    const { cache, passage, read } = options;
    const { context, definition } = read.claim.route;
    const { target: side, view } = read.chosen;
    const { headers, arrival } = passage;
    const said = ['x-forwarded-proto', 'x-forwarded-host'].map((name) => rawHeader(headers, name));
    const address = [definition.name, ...said, arrival.target].join(' ');
    this.#place = { context, side, epoch: view.epoch, address };
    this.#asked = { method: 'GET', url: arrival.target, headers: headersObject(headers) };
    this.#writes = cache.writesOf(context);
  }

  /** An answer that will do for this request. */
  async find(): Promise<UpstreamAnswer | undefined> {
    const { cache, known, count } = this.#options;
    const kept = cache.find(this.#place, this.#asked);
    if (!kept || (known && !kept.freshness.isPublic)) {
      count('miss');
      return undefined;
    }
    if (!(await this.#nobodyWrote())) {
      count('bypass');
      return undefined;
    }
    count('hit');
    return answerOf(kept);
  }

  /** Through another facade, somebody whom nobody could name: whoever asks may be the one. */
  async #nobodyWrote(): Promise<boolean> {
    const { parts, cache, replicated, read } = this.#options;
    const { context, epoch } = this.#place;
    if (!replicated) return true;
    const answer = await parts.ownership.freshness(context, read.who.all());
    if (answer.known && answer.fresh && answer.epoch === epoch) return true;
    cache.forget(context);
    return false;
  }

  /** Sees an answer, and keeps it when it is whole and its upstream lets it be kept. */
  keeper(answer: UpstreamAnswer): Onlooker | undefined {
    const { cache, rule, known, count, read } = this.#options;
    const { status, reason, rawHeaders } = answer;
    const { given, users, ended } = read.claim.plan.identity.inAnswer(
      headersObject(answer.said ?? rawHeaders),
    );
    // it says who somebody is
    if (given.length > 0 || users.length > 0 || ended) return undefined;
    const freshness = freshnessOf(this.#asked, answer, known);
    if (!freshness) return undefined;
    let chunks: Buffer[] | undefined = [];
    let bytes = 0;
    return {
      chunk(chunk) {
        bytes += chunk.length;
        if (bytes > rule.maxEntryBytes) chunks = undefined;
        // what comes may be part of more, which would be kept with it
        chunks?.push(Buffer.from(chunk));
      },
      end: (whole) => {
        if (!whole || !chunks) return;
        const body = Buffer.concat(chunks);
        const kept = { status, reason, rawHeaders, body, freshness };
        if (cache.keep(this.#place, kept, this.#writes)) count('kept');
      },
    };
  }
}

const answerOf = ({ status, reason, rawHeaders, body, freshness }: KeptAnswer): UpstreamAnswer => ({
  status,
  reason,
  rawHeaders: [
    ...withoutHeaders(rawHeaders, (name) => name === 'age'),
    'Age',
    String(Math.floor(freshness.age())),
  ],
  whole: body,
  deliver(to) {
    if (body.length > 0) to.chunk(body);
    to.end([]);
  },
  resume() {},
  discard() {},
});

/** What two want to see. */
export const bothSee = (
  one: Onlooker | undefined,
  other: Onlooker | undefined,
): Onlooker | undefined =>
  one && other
    ? {
        chunk(chunk) {
          one.chunk(chunk);
          other.chunk(chunk);
        },
        end(whole) {
          one.end(whole);
          other.end(whole);
        },
      }
    : (one ?? other);
