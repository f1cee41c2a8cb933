/** Takes an answer's body as it comes. */
export interface BodyReceiver {
  /** False: no more until `resume` is called. */
  chunk(chunk: Buffer): boolean;
  /** All of it came. Trailers' names and values in turn. */
  end(rawTrailers: readonly string[]): void;
  /** The upstream broke off: what came is not the whole. */
  broken(): void;
}

/** An upstream's answer whose head is here. Either it is delivered, once, or discarded. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly reason: string;
  /** Names and values in turn, as the upstream spelt them. */
  readonly rawHeaders: readonly string[];
  /** The same before the edge rewrote them; undefined: it did not. */
  readonly said?: readonly string[];
  /** The body, when all of it came with the head and no trailers follow. */
  readonly whole: Buffer | undefined;
  deliver(to: BodyReceiver): void;
  resume(): void;
  /** Nobody gets it; what is still to come is not waited for. */
  discard(): void;
}
