import { traceparentOf } from '@strangler-toolkit/plan/traces';
import type { Attempt, AttemptRequest, Forwarder, Settle } from '../../proxy/forwarder.ts';
import { serverAttributes } from './names.ts';
import { endSpan, type Ending, type Spans } from './spans.ts';

/** Upstreams are few; addresses that names stand for come and go. */
const mostPlaces = 1_000;

/** The headers, with another parent for whoever is asked. */
export function withTraceparent(headers: readonly string[], traceparent: string): string[] {
  const result = [...headers];
  // the facade's own word stands near the end
  for (let index = result.length - 2; index >= 0; index -= 2)
    if (result[index] === 'traceparent') {
      result[index + 1] = traceparent;
      return result;
    }
  result.push('traceparent', traceparent);
  return result;
}

function endingOf(attempt: Attempt): Ending {
  if (attempt.kind === 'client-gone') return { attributes: {}, error: 'client-gone' };
  if (attempt.kind === 'failed')
    return {
      attributes: attempt.stale ? { 'strangler.stale_connection': true } : {},
      error: attempt.failure.kind,
    };
  const { status } = attempt.answer;
  return {
    attributes: { 'http.response.status_code': status },
    error: status >= 400 ? String(status) : undefined,
  };
}

/** Each try is a span of its own, from its sending until the upstream has no more part in it. */
export class TracedForwarder implements Forwarder {
  readonly #inner: Forwarder;
  readonly #spans: Spans;
  readonly #places = new Map<string, ReturnType<typeof serverAttributes>>();

  constructor(inner: Forwarder, spans: Spans) {
    this.#inner = inner;
    this.#spans = spans;
  }

  send(wish: AttemptRequest, settle: Settle): void {
    const { traced, request, place } = wish;
    if (!traced) return this.#inner.send(wish, settle);
    const resent = traced.tries++;
    const { origin, attributes } = this.#placeOf(wish.dial?.url ?? wish.upstream);
    const span = this.#spans.ask(traced.span, request.method ?? 'GET', {
      ...attributes,
      ...traced.attributes,
      'url.full': origin + traced.path,
      ...(resent > 0 && { 'http.request.resend_count': resent }),
    });
    let [left, ending]: [boolean, Ending | undefined] = [place === undefined, undefined];
    const over = (): void => {
      if (left && ending) endSpan(span, ending);
    };
    this.#inner.send(
      {
        ...wish,
        headers: withTraceparent(wish.headers, traceparentOf(span.spanContext())),
        place: place && {
          leave() {
            place.leave();
            left = true;
            over();
          },
        },
      },
      (attempt) => {
        ending = endingOf(attempt);
        over();
        settle(attempt);
      },
    );
  }

  #placeOf(url: string): ReturnType<typeof serverAttributes> {
    const known = this.#places.get(url);
    if (known) return known;
    if (this.#places.size >= mostPlaces) this.#places.clear();
    const place = serverAttributes(url);
    this.#places.set(url, place);
    return place;
  }
}
