export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** What an answer at Connect's address says. */
export type Verdict =
  | { readonly is: 'value'; readonly value: unknown }
  /** Connect knows no such thing. */
  | { readonly is: 'absent' }
  | { readonly is: 'denied' }
  /** Connect is about to know: ask again. */
  | { readonly is: 'busy'; readonly message: string }
  /** Not Connect's resources speak: those of a worker that starts are not loaded yet, or a proxy stands before it. */
  | { readonly is: 'stranger'; readonly message: string }
  | { readonly is: 'refused'; readonly message: string };

/** Also what a worker says that could not pass the request on to a leader that went away or starts. */
const passing =
  /rebalance|leader|not yet|momentarily|stale configuration|timed out|to forward REST/i;

/**
 * Connect opens its port seconds before it answers there: until then Jetty says 404 by itself, in HTML to a GET, with nothing to
 * a PUT or DELETE (seen with 4.3.1). Taken for Connect's word, a connector would count as gone, or as registered.
 */
export function judgeAnswer({ status, text }: Answer): Verdict {
  const found = parsed(text);
  if (status < 300) {
    if (text === '') return { is: 'value', value: {} };
    return found === undefined
      ? { is: 'stranger', message: shown(text) }
      : { is: 'value', value: found };
  }
  if (status === 401 || status === 403) return { is: 'denied' };
  const message = wordsOf(found);
  if (message === undefined)
    return {
      is: status === 404 || status >= 500 ? 'stranger' : 'refused',
      message: shown(text),
    };
  if (status === 404) return { is: 'absent' };
  const busy = status === 409 || status === 503 || (status >= 500 && passing.test(message));
  return { is: busy ? 'busy' : 'refused', message };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Of an error of Connect: Jetty's own, asked for JSON, has no `error_code`. */
const wordsOf = (found: unknown): string | undefined =>
  typeof found === 'object' && found !== null && 'error_code' in found
    ? String('message' in found ? found.message : found.error_code)
    : undefined;

/** A page in one line. */
const shown = (text: string): string =>
  text
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 200);
