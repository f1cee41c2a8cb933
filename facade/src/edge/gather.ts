import type { ServerResponse } from 'node:http';
import type { BodyReceiver, UpstreamAnswer } from '../proxy/answer.ts';
import type { Deadlines, Watched } from '../proxy/deadlines.ts';

export type Gathered =
  /** All of the body. */
  | { readonly kind: 'whole'; readonly body: Buffer }
  /** More than anybody wants to keep: the answer as it comes. */
  | { readonly kind: 'too-large'; readonly answer: UpstreamAnswer }
  | { readonly kind: 'broken' }
  | { readonly kind: 'late' }
  | { readonly kind: 'client-gone' };

export interface GatherOptions {
  readonly response: ServerResponse;
  readonly deadlines: Deadlines;
  readonly maxBytes: number;
  readonly withinMs: number;
}

/** Takes a body until it is whole or too large; what was taken is given on with the rest. */
class Gathering implements BodyReceiver, Watched {
  readonly due: number;
  place: number | undefined;
  readonly #answer: UpstreamAnswer;
  readonly #options: GatherOptions;
  readonly #settle: (gathered: Gathered) => void;
  readonly #gone = (): void => this.#give({ kind: 'client-gone' });
  #kept: Buffer[] = [];
  #bytes = 0;
  #given = false;
  #to: BodyReceiver | undefined;
  /** How the body ended before anybody took it. */
  #end: ((to: BodyReceiver) => void) | undefined;

  constructor(
    answer: UpstreamAnswer,
    options: GatherOptions,
    settle: (gathered: Gathered) => void,
  ) {
    this.#answer = answer;
    this.#options = options;
    this.#settle = settle;
    this.due = performance.now() + Math.max(options.withinMs, 1);
    options.deadlines.watch(this);
    options.response.once('close', this.#gone);
  }

  chunk(chunk: Buffer): boolean {
    if (this.#to) return this.#to.chunk(chunk);
    this.#kept.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#options.maxBytes) return true;
    this.#give({ kind: 'too-large', answer: this.#rest() });
    return false;
  }

  end(rawTrailers: readonly string[]): void {
    if (this.#to) return this.#to.end(rawTrailers);
    this.#end = (to) => to.end(rawTrailers);
    return this.#give({ kind: 'whole', body: Buffer.concat(this.#kept) });
  }

  broken(): void {
    if (this.#to) return this.#to.broken();
    this.#end = (to) => to.broken();
    return this.#give({ kind: 'broken' });
  }

  overdue(): void {
    this.#give({ kind: 'late' });
  }

  #give(gathered: Gathered): void {
    if (this.#given) return;
    this.#given = true;
    const { deadlines, response } = this.#options;
    deadlines.release(this);
    response.off('close', this.#gone);
    if (gathered.kind === 'late' || gathered.kind === 'client-gone') this.#answer.discard();
    this.#settle(gathered);
  }

  #rest(): UpstreamAnswer {
    const answer = this.#answer;
    const { status, reason, rawHeaders } = answer;
    return {
      status,
      reason,
      rawHeaders,
      whole: undefined,
      deliver: (to) => {
        let wanted = true;
        for (const chunk of this.#kept) wanted = to.chunk(chunk);
        this.#kept = [];
        this.#to = to;
        if (this.#end) this.#end(to);
        else if (wanted) answer.resume();
      },
      resume: () => answer.resume(),
      discard: () => answer.discard(),
    };
  }
}

export function gather(answer: UpstreamAnswer, options: GatherOptions): Promise<Gathered> {
  const { whole } = answer;
  if (whole !== undefined && whole.length <= options.maxBytes)
    return Promise.resolve({ kind: 'whole', body: whole });
  return new Promise((resolve) => answer.deliver(new Gathering(answer, options, resolve)));
}
