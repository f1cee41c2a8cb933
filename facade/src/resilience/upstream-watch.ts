import {
  bothSides,
  lookAtHealth,
  statusOf,
  type Side,
  type UpstreamHealth,
} from '@strangler-toolkit/plan';

/** One side of one context. */
export interface Watched {
  readonly context: string;
  readonly side: Side;
  readonly url: string;
  readonly path: string | undefined;
}
type Sides = Readonly<Record<Side, UpstreamHealth | undefined>>;

/** Asks monolith and services whether they are there, so that somebody knows before a client does. Traffic never waits for it. */
export class UpstreamWatch {
  #watched: readonly Watched[];
  readonly #everyMs: number;
  readonly #ask: (address: string) => Promise<number>;
  readonly #known = new Map<string, UpstreamHealth>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** `everyMs` 0: nobody is asked. */
  constructor(
    watched: readonly Watched[],
    everyMs: number,
    ask: (address: string) => Promise<number> = statusOf,
  ) {
    this.#ask = ask;
    this.#watched = watched;
    this.#everyMs = everyMs;
  }

  start(): void {
    if (this.#everyMs > 0) void this.#round();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** From the next round on. */
  watch(watched: readonly Watched[]): void {
    this.#watched = watched;
  }

  /** Undefined: not asked yet. */
  of(context: string): Sides {
    const [monolith, service] = bothSides.map((side) => this.#known.get(`${context} ${side}`));
    return { monolith, service };
  }

  async #round(): Promise<void> {
    // one look for every address, however many contexts share it
    const looks = new Map<string, Promise<UpstreamHealth>>();
    await Promise.all(
      this.#watched.map(async ({ context, side, url, path }) => {
        const key = `${url} ${path ?? ''}`;
        const look = looks.get(key) ?? lookAtHealth({ url, path }, this.#ask);
        looks.set(key, look);
        this.#known.set(`${context} ${side}`, await look);
      }),
    );
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#round(), this.#everyMs).unref();
  }
}
