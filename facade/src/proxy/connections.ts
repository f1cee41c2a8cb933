import { Readable } from 'node:stream';
import type { Client, Dispatcher } from 'undici';

interface Waiting {
  readonly options: Dispatcher.DispatchOptions;
  readonly handler: Dispatcher.DispatchHandler;
}

interface Place {
  readonly client: Client;
  taken: boolean;
}

/**
 * A bounded number of connections to one upstream, each for one request at a time. The one that came free last is taken first,
 * so that the others can go idle; what finds none waits its turn. undici's own pool walks along all of them, twice a request.
 */
export class Connections {
  readonly #open: () => Client;
  readonly #limit: number;
  readonly #all: Place[] = [];
  readonly #free: Place[] = [];
  readonly #waiting: Waiting[] = [];
  #leaving = false;

  constructor(open: () => Client, limit: number) {
    this.#open = open;
    this.#limit = limit;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    const place = this.#free.pop() ?? this.#another();
    if (!place) return void this.#waiting.push({ options, handler });
    place.taken = true;
    place.client.dispatch(options, handler);
    // undici may have refused it at once
    this.#freed(place);
  }

  /** What nobody wants any more gives up its turn; it would be sent to a connection only to take that along. */
  withdraw(handler: Dispatcher.DispatchHandler): void {
    const index = this.#waiting.findIndex((one) => one.handler === handler);
    for (const { options } of index < 0 ? [] : this.#waiting.splice(index, 1))
      if (options.body instanceof Readable) options.body.destroy();
  }

  /** Nobody new is to come: each connection ends with its request. */
  leave(): void {
    this.#leaving = true;
    for (const { client } of this.#free.splice(0)) client.close().catch(() => {});
  }

  destroy(): void {
    for (const { client } of this.#all.splice(0)) client.destroy().catch(() => {});
    this.#free.length = 0;
    const error = new Error('the facade stops');
    for (const { handler } of this.#waiting.splice(0)) handler.onError?.(error);
  }

  #another(): Place | undefined {
    if (this.#all.length >= this.#limit) return undefined;
    const place = { client: this.#open(), taken: false };
    place.client.on('drain', () => this.#freed(place));
    this.#all.push(place);
    return place;
  }

  /** Asked whenever it could be: a client also tells late that it is free, when it has the next request already. */
  #freed(place: Place): void {
    const { client } = place;
    while (place.taken && client.stats.size === 0) {
      const next = this.#waiting.shift();
      if (next) client.dispatch(next.options, next.handler);
      else {
        place.taken = false;
        if (this.#leaving) client.close().catch(() => {});
        else this.#free.push(place);
      }
    }
  }
}
