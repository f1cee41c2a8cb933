import http from 'node:http';
import https from 'node:https';
import { bothSides, lookAtHealth, type Side, type UpstreamHealth } from '@strangler-toolkit/plan';

/** One side of one context. */
export interface Watched {
  readonly context: string;
  readonly side: Side;
  readonly url: string;
  readonly path: string | undefined;
}
type Sides = Readonly<Record<Side, UpstreamHealth | undefined>>;

/** Longest wait for one answer, milliseconds. */
const patienceMs = 2_000;

/** Not by `fetch`: that refuses ports such as 6000 on which services do listen. */
const statusOf = (address: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const client = address.startsWith('https:') ? https : http;
    const asked = client.get(address, { agent: false }, (answer) => {
      clearTimeout(timer);
      resolve(answer.statusCode ?? 0);
      answer.destroy();
    });
    const timer = setTimeout(() => asked.destroy(new Error('no answer in time')), patienceMs);
    asked.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });

/** Asks monolith and services whether they are there, so that somebody knows before a client does. Traffic never waits for it. */
export class UpstreamWatch {
  readonly #watched: readonly Watched[];
  readonly #everyMs: number;
  readonly #known = new Map<string, UpstreamHealth>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** `everyMs` 0: nobody is asked. */
  constructor(watched: readonly Watched[], everyMs: number) {
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
        const look = looks.get(key) ?? lookAtHealth({ url, path }, statusOf);
        looks.set(key, look);
        this.#known.set(`${context} ${side}`, await look);
      }),
    );
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#round(), this.#everyMs).unref();
  }
}
