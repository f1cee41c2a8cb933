import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { enterState, type StateSetup } from './provider-states.ts';

/** Where the native core asks for provider states: it knows URLs only, a side may name a command or SQL. */
export interface StateDoor {
  readonly url: string;
  /** How states are entered from now on. */
  use(setup: StateSetup | undefined): void;
  /** Why a state was not entered since this was last asked. */
  refusal(): string | undefined;
}

export async function openStateDoor(): Promise<StateDoor> {
  let setup: StateSetup | undefined;
  let refused: string | undefined;
  const server = createServer((request, response) => {
    void (async () => {
      const { state, params } = await asked(request);
      try {
        const made = state === '' ? {} : await enterState(setup, state, params);
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(made));
      } catch (error) {
        refused ??= `"${state}": ${error instanceof Error ? error.message : String(error)}`;
        // Refused, the core would ask again until its time is over; the verdict is void anyhow.
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      }
    })().catch(() => response.destroy());
  });
  // It lives as long as the process that verifies.
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    use(next) {
      setup = next;
    },
    refusal() {
      const reason = refused;
      refused = undefined;
      return reason;
    },
  };
}

async function asked(
  request: IncomingMessage,
): Promise<{ readonly state: string; readonly params: Record<string, unknown> }> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}');
  // A state that is left again is none to enter.
  const { action, state, params } = Object(body) as Record<string, unknown>;
  return {
    state: action !== 'teardown' && typeof state === 'string' ? state : '',
    params: typeof params === 'object' && params !== null ? { ...params } : {},
  };
}
