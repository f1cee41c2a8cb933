import type { ClientRequest, IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { createProxyMiddleware, type RequestHandler } from 'http-proxy-middleware';
import type { UpstreamAgents } from '../resilience/upstream-agents.ts';
import type { Deadlines, Watched } from './deadlines.ts';
import type { Attempt, AttemptRequest, Forwarder, Settle } from './forwarder.ts';
import { giveInformation } from './information.ts';
import { rawHeader } from './raw-headers.ts';
import { StreamedAnswer } from './streamed-answer.ts';
import { brokeOff, failureOf, timeoutOf } from './upstream-failures.ts';

/** Of the request line: the target as it is, behind the path of the upstream's own address. */
const exactTarget = ({ pathname }: URL, target: string): string =>
  target === '*' ? target : pathname.replace(/\/$/, '') + target;

/** One try, from the request to the head of its answer. */
class Exchange implements Watched {
  readonly wish: AttemptRequest;
  readonly url: URL;
  due: number;
  place: number | undefined;
  readonly #deadlines: Deadlines;
  readonly #settle: Settle;
  #outgoing: ClientRequest | undefined;
  #open = true;
  #moved: number;

  constructor(wish: AttemptRequest, deadlines: Deadlines, settle: Settle) {
    this.wish = wish;
    this.url = new URL(wish.dial?.url ?? wish.upstream);
    this.#deadlines = deadlines;
    this.#settle = settle;
    this.#moved = wish.request.socket.bytesRead;
    this.due = performance.now() + Math.max(wish.patienceMs, 1);
    deadlines.watch(this);
    // also when another try was quicker: then the response is complete, and nobody else ends this one
    wish.response.on('close', () => this.#stop({ kind: 'client-gone' }));
  }

  /** The head goes out as it is, and not as the library would write it: `*`, every slash, case and order of names. */
  started(outgoing: ClientRequest): void {
    const { headers, target, withBody, request, response } = this.wish;
    this.#outgoing = outgoing;
    if (!this.#open) return void outgoing.destroy();
    outgoing.path = exactTarget(this.url, target);
    for (const name of outgoing.getHeaderNames()) outgoing.removeHeader(name);
    for (let index = 0; index + 1 < headers.length; index += 2)
      outgoing.appendHeader(headers[index] ?? '', headers[index + 1] ?? '');
    if (rawHeader(headers, 'host') === undefined) outgoing.setHeader('Host', this.url.host);
    if (withBody && rawHeader(headers, 'content-length') === undefined) {
      // For some methods node does not chunk by itself, and the body would be read as the next request (CVE-2026-29057).
      outgoing.setHeader('Transfer-Encoding', 'chunked');
      request.once('end', () => {
        const trailers = request.rawTrailers;
        for (let index = 0; index + 1 < trailers.length; index += 2)
          outgoing.addTrailers([[trailers[index] ?? '', trailers[index + 1] ?? '']]);
      });
    }
    outgoing.on('information', ({ statusCode, rawHeaders }) =>
      giveInformation(response, statusCode, rawHeaders),
    );
  }

  /** False: this try was over already. */
  settle(attempt: Attempt): boolean {
    if (!this.#open) return false;
    this.#open = false;
    this.#deadlines.release(this);
    if (attempt.kind !== 'answer') this.wish.place?.leave();
    this.#settle(attempt);
    return true;
  }

  #stop(attempt: Attempt): void {
    if (this.settle(attempt)) this.#outgoing?.destroy();
  }

  fail(error: Error): void {
    const stale = this.#outgoing?.reusedSocket === true && brokeOff(error);
    this.settle({ kind: 'failed', failure: failureOf(this.url.host, error), stale });
  }

  /** An upload may take as long as it moves; the clock starts anew with every look that found it moving. */
  overdue(now: number): void {
    const { request, withBody, patienceMs } = this.wish;
    const moved = request.socket.bytesRead + (this.#outgoing?.socket?.bytesWritten ?? 0);
    if (withBody && moved !== this.#moved) {
      this.#moved = moved;
      this.due = now + patienceMs;
      return;
    }
    this.#stop({ kind: 'failed', failure: timeoutOf(this.url.host), stale: false });
  }
}

/**
 * http-proxy-middleware does the sending with its defaults replaced: headers and path are ours, the answer is handed out
 * instead of copied (`selfHandleResponse`), its plugins, which would answer errors themselves, are ejected.
 */
export class MiddlewareForwarder implements Forwarder {
  readonly #agents: UpstreamAgents;
  readonly #deadlines: Deadlines;
  readonly #middleware: RequestHandler;
  readonly #next = new WeakMap<IncomingMessage, Exchange>();
  // Keyed by the target object: a late error of an earlier try must never be taken for one of the current try.
  readonly #exchanges = new WeakMap<object, Exchange>();
  readonly #byOutgoing = new WeakMap<ClientRequest, Exchange>();

  constructor(agents: UpstreamAgents, deadlines: Deadlines) {
    this.#agents = agents;
    this.#deadlines = deadlines;
    this.#middleware = createProxyMiddleware({
      target: 'http://127.0.0.1:9',
      selfHandleResponse: true,
      ejectPlugins: true,
      logger: { info() {}, warn() {}, error() {} },
      router: (request, _response, options) => {
        const exchange = this.#next.get(request);
        if (!exchange) throw new Error('no target was chosen');
        const { url, wish } = exchange;
        // the only per-request options; an empty stream stands in for no body, so that a second try has one to send
        options.agent = this.#agents.for(url, wish.fresh ? 'fresh' : 'pooled', wish.dial);
        if (!wish.withBody) options.buffer = Readable.from(wish.body ? [wish.body] : []);
        return url as unknown as string;
      },
      plugins: [
        (proxy) => {
          proxy.on('proxyReq', (outgoing, _request, _response, options) => {
            const exchange = this.#find(options.target);
            if (!exchange) return;
            this.#byOutgoing.set(outgoing, exchange);
            exchange.started(outgoing);
          });
          proxy.on('proxyRes', (message) => {
            const outgoing: unknown = Reflect.get(message, 'req');
            const exchange = this.#byOutgoing.get(outgoing as ClientRequest);
            const answer = new StreamedAnswer(message);
            if (!exchange?.settle({ kind: 'answer', answer })) return answer.discard();
            message.once('close', () => exchange.wish.place?.leave());
          });
          proxy.on('error', (error, _request, _response, target) =>
            this.#find(target)?.fail(error),
          );
          proxy.on('econnreset', (_error, _request, _response, target) =>
            this.#find(target)?.settle({ kind: 'client-gone' }),
          );
        },
      ],
    });
  }

  #find(target: unknown): Exchange | undefined {
    return typeof target === 'object' && target !== null ? this.#exchanges.get(target) : undefined;
  }

  send(wish: AttemptRequest, settle: Settle): void {
    const { request, response } = wish;
    if (response.destroyed) {
      wish.place?.leave();
      return settle({ kind: 'client-gone' });
    }
    const exchange = new Exchange(wish, this.#deadlines, settle);
    this.#exchanges.set(exchange.url, exchange);
    this.#next.set(request, exchange);
    // the library would parse the target, and pass by what is no URL; the true head is set before it is sent
    request.url = '/';
    request.headers = {};
    const defect = (error: unknown = new Error('passed by')): void =>
      exchange.fail(error instanceof Error ? error : new Error(String(error)));
    this.#middleware(request, response, defect).catch(defect);
  }
}
