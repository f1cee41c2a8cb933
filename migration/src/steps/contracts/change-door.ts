import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { ChangeWatch } from '../../stream/index.ts';
import { changeMessage, changeType } from './change-message.ts';

export interface ChangeDoor {
  /** A source of messages, as `contracts.messages.<provider>.<side>.url` names one. */
  readonly url: string;
  close(): Promise<void>;
}

/** Where the verifier, a process of its own, asks for changes: on loopback, as long as the verification lasts. */
export async function openChangeDoor(watch: ChangeWatch): Promise<ChangeDoor> {
  const answer = async (request: IncomingMessage): Promise<readonly [number, string]> => {
    const asked = Object(JSON.parse(await text(request))) as { action?: unknown; type?: unknown };
    if (asked.action === 'watch') {
      await watch.forget();
      return [200, '{}'];
    }
    const changes = await watch.changes();
    const found = changes.findLast((event) => changeType(event) === asked.type);
    if (found) return [200, JSON.stringify(changeMessage(found))];
    const seen = [...new Set(changes.map(changeType))].sort().join(', ') || 'nothing';
    return [404, `no change "${String(asked.type)}" after its provider state; there was: ${seen}`];
  };
  const server = createServer((request, response) => {
    answer(request)
      .catch((error: unknown): readonly [number, string] => [
        500,
        error instanceof Error ? error.message : String(error),
      ])
      .then(([status, body]) => response.writeHead(status).end(body))
      .catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    async close() {
      server.closeAllConnections();
      server.close();
      await watch.close();
    },
  };
}
