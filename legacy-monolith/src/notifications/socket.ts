import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Db } from '../db/database.ts';
import type { LiveFeed } from '../db/live-feed.ts';
import { asFields, parseId } from '../http/input.ts';
import { findUser } from '../identity/authenticate.ts';
import { markRead, notificationJson, unreadCount } from './inbox.ts';

export interface SocketServer {
  close(): void;
}

/** WebSocket at /ws/notifications. Browsers cannot send a header there, so the token may come as ?token=. */
export function serveSockets(server: Server, db: Db, live: LiveFeed): SocketServer {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    void admit(request, db).then(
      (userId) => {
        if (typeof userId !== 'number') return refuse(socket, userId);
        sockets.handleUpgrade(request, socket, head, (webSocket) =>
          talk(webSocket, db, live, userId),
        );
      },
      () => refuse(socket, '503 Service Unavailable'),
    );
  });
  const unclose = live.onClose(() =>
    sockets.clients.forEach((client) => client.close(1001, 'server stops')),
  );
  return {
    close() {
      unclose();
      for (const client of sockets.clients) client.terminate();
      sockets.close();
    },
  };
}

async function admit(request: IncomingMessage, db: Db): Promise<number | string> {
  const url = new URL(request.url ?? '/', 'http://shop');
  if (url.pathname !== '/ws/notifications') return '404 Not Found';
  const token =
    /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ??
    url.searchParams.get('token');
  const user = token ? await findUser(db, token) : undefined;
  return user?.userId ?? '401 Unauthorized';
}

const refuse = (socket: Duplex, status: string): void => {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
};

function talk(socket: WebSocket, db: Db, live: LiveFeed, userId: number): void {
  const send = (message: object): void => socket.send(JSON.stringify(message), () => {});
  // One thing after the other, so that answers keep the order of their questions.
  let work = Promise.resolve();
  const inTurn = (task: () => Promise<void>): void => {
    work = work.then(task).catch(() => socket.close(1011, 'internal error'));
  };
  const unsubscribe = live.subscribe('notification', ({ id, userId: receiver }) => {
    if (receiver !== userId || typeof id !== 'string') return;
    inTurn(async () => {
      const row = await db
        .selectFrom('notifications')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      if (row) send({ type: 'notification', notification: notificationJson(row) });
    });
  });
  socket.on('close', unsubscribe);
  socket.on('error', () => socket.terminate());
  socket.on('message', (data, isBinary) =>
    inTurn(async () => {
      const message = isBinary ? undefined : parse((data as Buffer).toString());
      const id = parseId(message?.id);
      if (message?.type === 'ping') send({ type: 'pong', id: message.id ?? null });
      else if (message?.type === 'read' && id)
        send({ type: 'read', id, ok: await markRead(db, userId, id) });
      else send({ type: 'error', message: 'send {"type":"ping"} or {"type":"read","id":"…"}' });
    }),
  );
  inTurn(async () => send({ type: 'hello', unread: await unreadCount(db, userId) }));
}

function parse(text: string) {
  try {
    return asFields(JSON.parse(text));
  } catch {
    return undefined;
  }
}
