import type { ClientRequest, IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { createProxyMiddleware, type RequestHandler } from 'http-proxy-middleware';
import { codeOf } from '@strangler-toolkit/plan';
import type { UpstreamAgents } from '../resilience/upstream-agents.ts';
import { UpstreamFailure } from '../resilience/breaker.ts';
import type { Attempt, AttemptRequest, Forwarder } from './forwarder.ts';

interface Exchange {
  readonly settle: (attempt: Attempt) => void;
  readonly started: (outgoing: ClientRequest) => void;
  outgoing: ClientRequest | undefined;
  timedOut: boolean;
}

function failureOf(error: Error, exchange: Exchange, upstream: string): Attempt {
  const failure = exchange.timedOut
    ? new UpstreamFailure('timeout', `${upstream} did not answer in time`, { cause: error })
    : new UpstreamFailure(
        'unreachable',
        `${upstream} could not be reached or broke off: ${codeOf(error) || 'ERROR'}`,
        { cause: error },
      );
  const stale =
    !exchange.timedOut &&
    exchange.outgoing?.reusedSocket === true &&
    (codeOf(error) === 'ECONNRESET' || codeOf(error) === 'EPIPE');
  return { kind: 'failed', failure, stale };
}

/** Of the request line: the target as it is, behind the path of the upstream's own address. */
const exactTarget = ({ pathname }: URL, target: string): string =>
  target === '*' ? target : pathname.replace(/\/$/, '') + target;

/**
 * http-proxy-middleware does the sending with its defaults replaced: headers and path are ours, the answer is handed out
 * instead of copied (`selfHandleResponse`), its plugins, which would answer errors themselves, are ejected.
 */
export class MiddlewareForwarder implements Forwarder {
  readonly #agents: UpstreamAgents;
  readonly #middleware: RequestHandler;
  readonly #next = new WeakMap<
    IncomingMessage,
    { url: URL; agent: unknown; withBody: boolean; body: Buffer | undefined }
  >();
  // Keyed by the target object: a late error of an earlier try must never be taken for one of the current try.
  readonly #exchanges = new WeakMap<object, Exchange>();
  readonly #byOutgoing = new WeakMap<ClientRequest, Exchange>();

  constructor(agents: UpstreamAgents) {
    this.#agents = agents;
    this.#middleware = createProxyMiddleware({
      target: 'http://127.0.0.1:9',
      selfHandleResponse: true,
      ejectPlugins: true,
      logger: { info() {}, warn() {}, error() {} },
      router: (request, _response, options) => {
        const next = this.#next.get(request);
        if (!next) throw new Error('no target was chosen');
        // the only per-request options; an empty stream stands in for no body, so that a second try has one to send
        options.agent = next.agent;
        if (!next.withBody) options.buffer = Readable.from(next.body ? [next.body] : []);
        return next.url as unknown as string;
      },
      plugins: [
        (proxy) => {
          proxy.on('proxyReq', (outgoing, _request, _response, options) =>
            this.#find(options.target)?.started(outgoing),
          );
          proxy.on('proxyRes', (answer) => {
            const outgoing: unknown = Reflect.get(answer, 'req');
            const exchange = this.#byOutgoing.get(outgoing as ClientRequest);
            if (exchange) exchange.settle({ kind: 'answer', answer });
            else answer.resume();
          });
          proxy.on('error', (error, _request, _response, target) => {
            const exchange = this.#find(target);
            exchange?.settle(failureOf(error, exchange, String(target)));
          });
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

  send({
    request,
    response,
    upstream,
    target,
    headers,
    withBody,
    body,
    patienceMs,
  }: AttemptRequest): Promise<Attempt> {
    if (response.destroyed) return Promise.resolve({ kind: 'client-gone' });
    return new Promise((resolve, reject) => {
      const url = new URL(upstream);
      let open = true;
      let timer: NodeJS.Timeout;
      const onClose = (): void => exchange.settle({ kind: 'client-gone' });
      const exchange: Exchange = {
        outgoing: undefined,
        timedOut: false,
        settle: (attempt) => {
          if (!open) return;
          open = false;
          clearTimeout(timer);
          response.removeListener('close', onClose);
          resolve(attempt);
        },
        started: (outgoing) => {
          exchange.outgoing = outgoing;
          this.#byOutgoing.set(outgoing, exchange);
          outgoing.path = exactTarget(url, target);
          if (exchange.timedOut) outgoing.destroy();
        },
      };
      // An upload may take as long as it moves; the clock starts anew with every look that found it moving.
      const transferred = (): number =>
        request.socket.bytesRead + (exchange.outgoing?.socket?.bytesWritten ?? 0);
      let seen = request.socket.bytesRead;
      const look = (): void => {
        const moved = withBody && transferred() !== seen;
        seen = transferred();
        if (moved) {
          timer = setTimeout(look, patienceMs);
          return;
        }
        exchange.timedOut = true;
        exchange.outgoing?.destroy();
        exchange.settle(failureOf(new Error('timeout'), exchange, url.host));
      };
      timer = setTimeout(look, Math.max(patienceMs, 1));
      response.on('close', onClose);
      this.#exchanges.set(url, exchange);
      this.#next.set(request, { url, agent: this.#agents.for(url), withBody, body });
      // the library would parse it, and pass by what is no URL; the true one is set before the head is sent
      request.url = '/';
      request.headers = headers;
      this.#middleware(request, response, (error: unknown = new Error('passed by')) => {
        const cause = error instanceof Error ? error : new Error(String(error));
        exchange.settle(failureOf(cause, exchange, url.host));
      }).catch(reject);
    });
  }
}
