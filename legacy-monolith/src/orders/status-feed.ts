import type { Request, Response } from 'express';
import type { Db } from '../db/database.ts';
import type { LiveFeed } from '../db/live-feed.ts';
import { parseId } from '../http/input.ts';

interface FeedOptions {
  readonly db: Db;
  readonly live: LiveFeed;
  readonly request: Request;
  readonly response: Response;
  /** One order with its past, or else what happens from now on to the orders of one user, or of everybody. */
  readonly orderId?: string;
  readonly userId?: number | undefined;
}

/** Server-sent events. Announcements only wake it up: what is sent is read from the table, so none is lost or sent twice. */
export async function streamOrderStatus({
  db,
  live,
  request,
  response,
  orderId,
  userId,
}: FeedOptions): Promise<void> {
  let last =
    parseId(request.get('last-event-id')) ?? (orderId === undefined ? await newestEvent(db) : '0');
  response.set({
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();
  response.write('retry: 1000\n\n');

  let reading = Promise.resolve();
  let failed = false;
  const wake = (): void => {
    reading = reading.then(sendNew).catch(() => {
      // The client comes back with Last-Event-ID and misses nothing.
      if (!failed) response.end();
      failed = true;
    });
  };
  const sendNew = async (): Promise<void> => {
    if (failed || response.writableEnded || response.destroyed) return;
    let query = db
      .selectFrom('order_events')
      .innerJoin('orders', 'orders.id', 'order_id')
      .select(['order_events.id', 'order_id', 'order_events.status', 'at'])
      .where('order_events.id', '>', last);
    if (orderId !== undefined) query = query.where('order_id', '=', orderId);
    if (userId !== undefined) query = query.where('user_id', '=', userId);
    for (const event of await query.orderBy('order_events.id').execute()) {
      response.write(
        `id: ${event.id}\nevent: status\ndata: ` +
          `${JSON.stringify({ order_id: event.order_id, status: event.status, at: event.at.toISOString() })}\n\n`,
      );
      last = event.id;
    }
  };

  const forMe = (message: Readonly<Record<string, unknown>>): boolean =>
    message.id === undefined ||
    ((orderId === undefined || message.order_id === orderId) &&
      (userId === undefined || message.user_id === userId));
  const unsubscribe = live.subscribe('order_status', (message) => forMe(message) && wake());
  const unclose = live.onClose(() => response.end());
  const heartbeat = setInterval(() => response.write(': still here\n\n'), 15_000);
  response.on('close', () => {
    clearInterval(heartbeat);
    unsubscribe();
    unclose();
  });
  wake();
}

async function newestEvent(db: Db): Promise<string> {
  const { id } = await db
    .selectFrom('order_events')
    .select((events) => events.fn.max('id').as('id'))
    .executeTakeFirstOrThrow();
  return id ?? '0';
}
