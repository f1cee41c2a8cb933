import type { Dispatcher } from 'undici';
import type { BodyReceiver, UpstreamAnswer } from './answer.ts';
import type { Deadlines, Watched } from './deadlines.ts';
import type { Attempt, AttemptRequest, Forwarder, Settle } from './forwarder.ts';
import { giveInformation } from './information.ts';
import { rawHeader } from './raw-headers.ts';
import type { Connections } from './connections.ts';
import { OnConnection, type UndiciPools } from './undici-pools.ts';
import { Upload } from './upload.ts';
import { brokeOff, failureOf, timeoutOf } from './upstream-failures.ts';

/** Bytes of a body that are kept until somebody takes them; then the upstream waits. */
const keptBytes = 65_536;

const texts = (raw: readonly (Buffer | string)[]): string[] =>
  raw.map((bytes) => (typeof bytes === 'string' ? bytes : bytes.toString('latin1')));
// undici reads the reason as UTF-8, node writes it as latin-1
const reasonBytes = (reason: string): string =>
  // oxlint-disable-next-line no-control-regex
  /[^\u0000-\u007f]/.test(reason) ? Buffer.from(reason).toString('latin1') : reason;

/** undici's `dispatch`, with raw headers through and one object per request. */
export class UndiciForwarder implements Forwarder {
  readonly #pools: UndiciPools;
  readonly #deadlines: Deadlines;
  readonly #other: Forwarder;

  /** `other` sends what undici cannot: `OPTIONS *`, and trailers of a request. */
  constructor(pools: UndiciPools, deadlines: Deadlines, other: Forwarder) {
    this.#pools = pools;
    this.#deadlines = deadlines;
    this.#other = other;
  }

  send(wish: AttemptRequest, settle: Settle): void {
    const { request, response, target, headers, withBody, body } = wish;
    if (response.destroyed) {
      wish.place?.leave();
      return settle({ kind: 'client-gone' });
    }
    if (target === '*' || (withBody && rawHeader(headers, 'trailer') !== undefined))
      return this.#other.send(wish, settle);
    const pools = this.#pools.for(wish.dial ?? { key: wish.upstream, url: wish.upstream });
    const connections = wish.fresh ? pools.fresh : pools.pooled;
    const { name } = pools;
    const exchange = new Exchange({ wish, name, connections, deadlines: this.#deadlines, settle });
    connections.dispatch(
      {
        path: pools.prefix + target,
        method: (request.method ?? 'GET') as Dispatcher.HttpMethod,
        headers: headers as string[],
        body: withBody ? new Upload(request) : (body ?? null),
        ...(pools.servername !== undefined && { servername: pools.servername }),
      },
      exchange,
    );
  }
}

interface ExchangeOptions {
  readonly wish: AttemptRequest;
  /** Of the upstream. */
  readonly name: string;
  readonly connections: Connections;
  readonly deadlines: Deadlines;
  readonly settle: Settle;
}

/** One request and its answer: undici's handler, the answer that is handed out, and what a deadline watches. */
class Exchange extends OnConnection implements UpstreamAnswer, Watched, Dispatcher.DispatchHandler {
  due: number;
  place: number | undefined;
  status = 0;
  reason = '';
  rawHeaders: readonly string[] = [];
  readonly #options: ExchangeOptions;
  #settled = false;
  #over = false;
  #abort: (() => void) | undefined;
  #resume: (() => void) | undefined;
  #reused = false;
  #moved: number;
  #receiver: BodyReceiver | undefined;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #paused = false;
  /** Set when the body is complete. */
  #trailers: readonly string[] | undefined;
  #failed = false;

  constructor(options: ExchangeOptions) {
    super();
    this.#options = options;
    const { request, response, patienceMs, withBody } = options.wish;
    this.#moved = withBody ? request.socket.bytesRead : 0;
    this.due = performance.now() + Math.max(patienceMs, 1);
    options.deadlines.watch(this);
    response.on('close', () => this.#clientGone());
  }

  // —— undici's handler

  onConnect(abort: () => void): void {
    this.#abort = abort;
    if (this.#over) return abort();
    const { client } = this;
    if (!client) return;
    this.#reused = client.sent > 0;
    client.sent++;
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void, reason: string): boolean {
    if (status < 200) {
      giveInformation(this.#options.wish.response, status, texts(rawHeaders));
      return true;
    }
    this.status = status;
    this.reason = reasonBytes(reason);
    this.rawHeaders = texts(rawHeaders);
    this.#resume = resume;
    this.#settle({ kind: 'answer', answer: this });
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.#receiver) {
      this.#paused = !this.#receiver.chunk(chunk);
    } else {
      this.#kept.push(chunk);
      this.#keptBytes += chunk.length;
      this.#paused = this.#keptBytes >= keptBytes;
    }
    return !this.#paused;
  }

  onComplete(rawTrailers: (Buffer | string)[] | null): void {
    // without a length, undici takes a reset for the end
    if (this.client?.socket?.errored) return this.#broken();
    this.#end();
    this.#trailers = texts(rawTrailers ?? []);
    this.#receiver?.end(this.#trailers);
  }

  onError(error: Error): void {
    const { name, wish } = this.#options;
    if (!this.#settled) {
      this.#end();
      const stale = this.#reused && brokeOff(error);
      this.#settle({ kind: 'failed', failure: failureOf(name, error), stale });
      return;
    }
    // the length of a 304 and of an answer to HEAD is that of another answer's body
    const bodiless = this.status === 204 || this.status === 304 || wish.request.method === 'HEAD';
    if (bodiless && !this.#over) {
      this.#end();
      this.#trailers = [];
      this.#receiver?.end(this.#trailers);
    } else this.#broken();
  }

  // —— the answer

  get whole(): Buffer | undefined {
    if (this.#trailers?.length !== 0) return undefined;
    const [first] = this.#kept;
    if (this.#kept.length === 1 && first) return first;
    return Buffer.concat(this.#kept);
  }

  deliver(to: BodyReceiver): void {
    this.#receiver = to;
    const kept = this.#kept;
    this.#kept = [];
    let wanted = true;
    for (const chunk of kept) wanted = to.chunk(chunk);
    if (this.#failed) to.broken();
    else if (this.#trailers) to.end(this.#trailers);
    else if (wanted) this.resume();
  }

  resume(): void {
    if (!this.#paused || this.#over) return;
    this.#paused = false;
    this.#resume?.();
  }

  discard(): void {
    this.#receiver = undefined;
    this.#kept = [];
    this.#stop();
  }

  // —— what ends it early

  /** An upload may take as long as it moves; the clock starts anew with every look that found it moving. */
  overdue(now: number): void {
    const { request, withBody, patienceMs } = this.#options.wish;
    if (withBody) {
      const moved = request.socket.bytesRead + (this.client?.socket?.bytesWritten ?? 0);
      if (moved !== this.#moved) {
        this.#moved = moved;
        this.due = now + patienceMs;
        return;
      }
    }
    const failure = timeoutOf(this.#options.name);
    this.#settle({ kind: 'failed', failure, stale: false });
    this.#stop();
  }

  #clientGone(): void {
    this.#settle({ kind: 'client-gone' });
    this.#stop();
  }

  #broken(): void {
    if (this.#over) return;
    this.#end();
    this.#failed = true;
    this.#receiver?.broken();
  }

  #stop(): void {
    if (this.#over) return;
    this.#end();
    if (this.#abort) this.#abort();
    else this.#options.connections.withdraw(this);
  }

  /** The upstream has no part in it any more. */
  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.wish.place?.leave();
  }

  #settle(attempt: Attempt): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#options.deadlines.release(this);
    this.#options.settle(attempt);
  }
}
