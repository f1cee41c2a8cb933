import { EventEmitter } from 'node:events';
import pg from 'pg';

export type LiveChannel = 'order_status' | 'notification';
type Fields = Readonly<Record<string, unknown>>;
type Listener = (message: Fields) => void;

export interface LiveFeed {
  /** Calls back for every announcement; answers with the way to unsubscribe. */
  subscribe(channel: LiveChannel, listener: Listener): () => void;
  onClose(listener: () => void): () => void;
  close(): Promise<void>;
}

/** One listening connection per process; when it breaks it is made again, and subscribers are told to look for themselves. */
export async function openLiveFeed(
  url: string,
  log: (entry: { msg: string; error: string }) => void = () => {},
): Promise<LiveFeed> {
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  let client: pg.Client | undefined;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;

  const connect = async (): Promise<void> => {
    const fresh = new pg.Client({
      connectionString: url,
      application_name: 'legacy-monolith',
      keepAlive: true,
    });
    const broken = (error?: Error): void => {
      if (closed || client !== fresh) return;
      client = undefined;
      log({ msg: 'live feed lost its connection', error: error?.message ?? 'ended' });
      again();
    };
    fresh.on('error', broken);
    fresh.on('end', () => broken());
    fresh.on('notification', ({ channel, payload }) =>
      emitter.emit(channel, JSON.parse(payload ?? '{}')),
    );
    await fresh.connect();
    await fresh.query('LISTEN order_status; LISTEN notification');
    if (closed) return await fresh.end();
    client = fresh;
    // What was announced meanwhile is gone; an empty message makes subscribers read the tables.
    for (const channel of ['order_status', 'notification']) emitter.emit(channel, {});
  };
  const again = (): void => {
    retry = setTimeout(() => void connect().catch(again), 500);
  };
  await connect();

  const on = (event: string, listener: Listener): (() => void) => {
    emitter.on(event, listener);
    return () => void emitter.off(event, listener);
  };
  return {
    subscribe: on,
    onClose: (listener) => on('closing', listener),
    async close() {
      closed = true;
      clearTimeout(retry);
      emitter.emit('closing', {});
      await client?.end();
    },
  };
}
