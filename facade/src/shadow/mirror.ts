import type { IncomingHttpHeaders } from 'node:http';
import type { SpanContext } from '@opentelemetry/api';
import {
  type CompiledRoute,
  otherSide,
  type ShadowOutcome,
  type Side,
} from '@strangler-toolkit/plan';
import type { SeenThrough } from '../edge/rewrite-observed.ts';
import type { UpstreamAgents } from '../resilience/upstream-agents.ts';
import type { Spans } from '../telemetry/spans/spans.ts';
import { Comparer } from './comparer.ts';
import type { Observed } from './difference.ts';
import { judge, type Verdict } from './judge.ts';
import { decoded, observe } from './observe.ts';
import { shadowPace } from './pace.ts';
import { ShadowQueue } from './shadow-queue.ts';
import { inTrace, shadowTrace } from './trace-of-read.ts';

export interface MirrorLimits {
  readonly maxJobs: number;
  readonly maxBytes: number;
  readonly maxBodyBytes: number;
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly catchUpMs: number;
}
export interface MirroredRead {
  readonly route: CompiledRoute;
  readonly method: string;
  readonly target: { readonly path: string; readonly search: string };
  readonly headers: IncomingHttpHeaders;
  readonly body?: Buffer;
  readonly reference: string;
  readonly candidate: string;
  readonly served: Side;
  readonly epoch: bigint;
  readonly replicated: boolean;
  /** How clients would see the sides, where the edge rewrites what they are asked and say. */
  readonly through?: { readonly reference?: SeenThrough; readonly candidate?: SeenThrough };
  /** What a service gets instead of `headers`. @throws when nobody can say who asks */
  readonly forService?: () => Promise<IncomingHttpHeaders>;
  /** The span of the client's request, where it is told. */
  readonly origin?: SpanContext | undefined;
}
export interface MirrorOptions {
  readonly agents: UpstreamAgents;
  /** Undefined: no collector is told. */
  readonly spans?: Spans | undefined;
  readonly limits: MirrorLimits;
  readonly caughtUp: (context: string, withinMs: number) => Promise<boolean>;
  readonly note: (read: MirroredRead, verdict: Verdict) => void;
  /** What both sides answer alike. */
  readonly agreed?: (read: MirroredRead, answer: Observed) => void;
  /** Is the route one of the context files that are served by now? */
  readonly serves: (route: MirroredRead['route']) => boolean;
  readonly onCrash: (error: unknown) => void;
}

/** Sees the body that the client gets. */
export interface Watcher {
  chunk(chunk: Buffer): void;
  /** `whole`: all of it came. */
  end(whole: boolean): void;
}

interface AskedAs {
  readonly upstream: string;
  readonly through: SeenThrough | undefined;
  readonly traceparent: string;
}

/** Conditions and ranges are about one side's validators: both sides are asked for the whole. */
const unconditional = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !/^(if-|range$|content-length$|transfer-encoding$)/.test(name),
    ),
  );

/** Mirrors reads after the client's answer is underway. Nothing in here is awaited by, or thrown into, the serving path. */
export class Mirror {
  readonly #options: MirrorOptions;
  readonly #queue: ShadowQueue;
  readonly #comparer = new Comparer();
  /** Bytes of answers that are still on their way to clients: many slow ones must not fill the memory. */
  #collecting = 0;

  constructor(options: MirrorOptions) {
    this.#options = options;
    this.#queue = new ShadowQueue(options.limits, options.onCrash, shadowPace());
  }

  get waiting(): number {
    return this.#queue.waiting;
  }

  /** Collects what the client gets. undefined: not comparable, or no room, and counted as such. */
  watch(read: MirroredRead, head: Omit<Observed, 'body'>): Watcher | undefined {
    const { maxBodyBytes } = this.#options.limits;
    const { status, headers } = head;
    const whole = status !== 304 && status !== 206;
    const note = (outcome: ShadowOutcome, cause: string): undefined => {
      this.#options.note(read, { outcome, differences: [], cause });
    };
    if (status >= 500) return note('uncomparable', 'the client got a server error');
    if (/^text\/event-stream\b/i.test(String(headers['content-type'] ?? '')))
      return note('uncomparable', 'an event stream');
    if (!this.#queue.fits(0)) return note('dropped', 'the queue is full');
    const chunks: Buffer[] = [];
    let size = 0;
    let held = 0;
    let crowded = false;
    const release = (): void => {
      this.#collecting -= held;
      held = 0;
      chunks.length = 0;
    };
    const end = (): void => {
      const primary: Observed | undefined = whole
        ? { status, headers, body: Buffer.concat(chunks) }
        : undefined;
      release();
      if (crowded) note('dropped', 'too much is collected already');
      else if (size > maxBodyBytes) note('uncomparable', `more than ${maxBodyBytes} bytes`);
      else if (!this.#queue.offer(size, () => this.#compare(read, primary)))
        note('dropped', 'the queue is full');
    };
    const collect = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= maxBodyBytes && !crowded && this.#queue.fits(this.#collecting + chunk.length)) {
        this.#collecting += chunk.length;
        held += chunk.length;
        chunks.push(chunk);
        return;
      }
      crowded ||= size <= maxBodyBytes;
      release();
    };
    return { chunk: collect, end: (complete) => (complete ? end() : release()) };
  }

  async close(): Promise<void> {
    await this.#queue.close();
    await this.#comparer.close();
  }

  async #compare(read: MirroredRead, raw: Observed | undefined): Promise<void> {
    const { agents, limits, caughtUp, note, serves, spans } = this.#options;
    // a file that makes a write of a read must not be too late for those that wait
    if (!serves(read.route))
      return note(read, { outcome: 'dropped', differences: [], cause: 'other context files' });
    let forService: IncomingHttpHeaders;
    try {
      forService = (await read.forService?.()) ?? read.headers;
    } catch {
      return note(read, { outcome: 'dropped', differences: [], cause: 'nobody can say who asks' });
    }
    const trace = shadowTrace(spans, read);
    const askAs = async (
      side: Side,
      { upstream, through, traceparent }: AskedAs,
    ): Promise<Observed> => {
      const own = unconditional(side === 'service' ? forService : read.headers);
      const headers = inTrace(own, traceparent);
      const asked = { headers, ...(read.body && { body: read.body }) };
      const observed = await observe(agents, {
        upstream,
        method: read.method,
        target: read.target.path + read.target.search,
        ...(through ? await through.request(asked) : asked),
        timeoutMs: limits.timeoutMs,
        maxBytes: limits.maxBodyBytes,
      });
      return through ? through.answer(observed) : observed;
    };
    const ask = (side: Side, upstream: string, through?: SeenThrough) => () =>
      trace.asked(side, upstream, (traceparent) => askAs(side, { upstream, through, traceparent }));
    const primary = raw && (await decoded(raw, limits.maxBodyBytes).catch(() => undefined));
    const verdict = await judge(primary, {
      reference: ask(read.served, read.reference, read.through?.reference),
      candidate: ask(otherSide(read.served), read.candidate, read.through?.candidate),
      caughtUp: () =>
        read.replicated ? caughtUp(read.route.context, limits.catchUpMs) : Promise.resolve(true),
      compare: (reference, candidate) =>
        this.#comparer.compare(reference, candidate, read.route.definition.compare),
      tries: 3,
    });
    trace.compared(verdict);
    note(read, verdict);
    if (primary && verdict.outcome === 'match') this.#options.agreed?.(read, primary);
  }
}
