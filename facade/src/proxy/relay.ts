import type { ServerResponse } from 'node:http';
import type { BodyReceiver, UpstreamAnswer } from './answer.ts';
import type { Deadlines, Watched } from './deadlines.ts';
import { clientHeaders } from './headers.ts';
import { rawHeader } from './raw-headers.ts';

/** Sees what the client gets. */
export interface Onlooker {
  chunk(chunk: Buffer): void;
  /** `whole`: all of it came from the upstream. */
  end(whole: boolean): void;
}

export interface RelayOptions {
  readonly answer: UpstreamAnswer;
  readonly response: ServerResponse;
  readonly deadlines: Deadlines;
  /** The facade's own headers: names (in lower case) and values in turn. They replace the upstream's. */
  readonly extra: readonly string[];
  /** Milliseconds until the whole answer must be there; undefined: only silence is limited. */
  readonly totalMs: number | undefined;
  readonly silenceMs: number;
  readonly onlooker: Onlooker | undefined;
}

/** In a reason, which says nothing that the status does not say. Node reads what it does not write. */
const unsayable = /[^\t -~\u0080-\u00ff]/g;

const isEventStream = (answer: UpstreamAnswer): boolean => {
  const type = rawHeader(answer.rawHeaders, 'content-type');
  return type !== undefined && /^text\/event-stream\b/i.test(type);
};

/**
 * Gives the upstream's answer to the client as it comes. A truncated answer is cut off, never ended cleanly. Event streams are
 * exempt from time limits. @throws for headers that cannot be sent
 */
export function relay(options: RelayOptions): void {
  const { answer, response, extra, onlooker } = options;
  const headers = clientHeaders(answer, extra);
  if (!response.req.complete) lingerAfterEarlyAnswer(response);
  response.writeHead(answer.status, answer.reason.replaceAll(unsayable, ''), headers);
  const { whole } = answer;
  if (whole === undefined) {
    new Relay(options).begin();
    return;
  }
  if (whole.length > 0) {
    onlooker?.chunk(whole);
    // head and body as one text are one write; a buffer would be a second one
    response.end(whole.toString('latin1'), 'latin1');
  } else response.end();
  onlooker?.end(true);
}

/** An answer that is still coming. */
class Relay implements BodyReceiver, Watched {
  due = Infinity;
  place: number | undefined;
  readonly #options: RelayOptions;
  #totalDue = Infinity;
  #open = true;
  #awaitsDrain = false;
  #drained: (() => void) | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  begin(): void {
    const { answer, response, deadlines, totalMs, silenceMs } = this.#options;
    if (!isEventStream(answer)) {
      const now = performance.now();
      if (totalMs !== undefined) this.#totalDue = now + Math.max(totalMs, 1);
      this.due = Math.min(now + silenceMs, this.#totalDue);
      deadlines.watch(this);
    }
    response.once('close', () => this.#clientGone());
    answer.deliver(this);
    // a stream's reader wants to know that it is connected before the first event comes
    if (this.#open && rawHeader(answer.rawHeaders, 'content-length') === undefined)
      setImmediate(() => {
        if (!response.destroyed && !response.writableEnded) response.flushHeaders();
      });
  }

  chunk(chunk: Buffer): boolean {
    const { answer, response, silenceMs, onlooker } = this.#options;
    if (!this.#open) return true;
    if (this.due !== Infinity) this.due = Math.min(performance.now() + silenceMs, this.#totalDue);
    onlooker?.chunk(chunk);
    if (response.write(chunk)) return true;
    this.#awaitsDrain = true;
    if (!this.#drained) {
      this.#drained = () => {
        this.#awaitsDrain = false;
        answer.resume();
      };
      response.on('drain', this.#drained);
    }
    return false;
  }

  end(rawTrailers: readonly string[]): void {
    const { response, onlooker } = this.#options;
    if (!this.#open) return;
    this.#finish();
    if (rawTrailers.length > 0 && response.chunkedEncoding) {
      const pairs: [string, string][] = [];
      for (let index = 0; index + 1 < rawTrailers.length; index += 2)
        pairs.push([rawTrailers[index] ?? '', rawTrailers[index + 1] ?? '']);
      response.addTrailers(pairs);
    }
    response.end();
    onlooker?.end(true);
  }

  broken(): void {
    if (!this.#open) return;
    this.#finish();
    this.#cutOff();
    this.#options.onlooker?.end(false);
  }

  /** Silence of the upstream, not of a slow client: while the client does not read, only the total time runs. */
  overdue(now: number): void {
    const { answer, silenceMs } = this.#options;
    if (this.#awaitsDrain && now < this.#totalDue) {
      this.due = Math.min(now + silenceMs, this.#totalDue);
      return;
    }
    answer.discard();
    this.broken();
  }

  /** With a reset where the client could take a mere close for the end of a body without length. */
  #cutOff(): void {
    const { answer, response } = this.#options;
    const { socket } = response;
    const framed =
      response.chunkedEncoding || rawHeader(answer.rawHeaders, 'content-length') !== undefined;
    if (!framed && socket && !('encrypted' in socket)) socket.resetAndDestroy();
    else response.destroy();
  }

  #clientGone(): void {
    if (!this.#open) return;
    this.#finish();
    this.#options.answer.discard();
    this.#options.onlooker?.end(false);
  }

  #finish(): void {
    this.#open = false;
    this.#options.deadlines.release(this);
  }
}

const lingerMs = 5_000;

/**
 * An answer in the middle of an upload must not be followed by a close: the client would meet a reset while it writes and lose
 * the answer. The rest of the upload is read and thrown away for a while; a client that wanted to close does so itself, unless
 * the facade is to close (`thenClose`).
 */
export function lingerAfterEarlyAnswer(response: ServerResponse, thenClose = false): void {
  const request = response.req;
  const { socket } = request;
  response.shouldKeepAlive = true;
  response.once('finish', () => {
    const over = (): void => void (thenClose && socket.end());
    if (request.closed) return over();
    const timer = setTimeout(() => {
      if (!request.complete) socket.destroy();
    }, lingerMs).unref();
    request.once('close', () => {
      clearTimeout(timer);
      over();
    });
    return undefined;
  });
}
