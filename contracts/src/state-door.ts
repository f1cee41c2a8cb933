import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { causeOf } from './cause-of.ts';
import { type PublishedMessage, Unpublished } from './message-source.ts';
import { enterState, type StateSetup } from './provider-states.ts';

/** What the door answers while one interaction is verified. */
export interface Behind {
  readonly states: StateSetup | undefined;
  /** The message that a message pact is about. @throws Error when there is none */
  readonly message: (() => Promise<PublishedMessage>) | undefined;
}

export interface Failures {
  /** Why a state was not entered. */
  readonly notEntered?: string;
  /** Why no message was there. */
  readonly unpublished?: string;
  /** Why the source of messages told nothing. */
  readonly silent?: string;
}

/** Where the native core asks for provider states and messages: it knows URLs only, a side may name a command, SQL or an outbox. */
export interface StateDoor {
  readonly url: string;
  readonly port: number;
  use(behind: Behind): void;
  /** Since this was last asked. */
  failures(): Failures;
}

/** Messages are asked for here, states everywhere else. */
export const messagePath = '/message';

export async function openStateDoor(): Promise<StateDoor> {
  let behind: Behind = { states: undefined, message: undefined };
  let failures: Failures = {};
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { state, params } = await asked(request);
    // Refused, the core would ask again until its time is over; the verdict is void anyhow.
    let [made, headers]: [unknown, Record<string, string>] = [{}, {}];
    try {
      if (request.url === messagePath) {
        if (behind.message === undefined) throw new Error('no source of messages is named');
        const { contents, metadata } = await behind.message();
        const encoded = Buffer.from(JSON.stringify(metadata)).toString('base64');
        [made, headers] = [contents, { 'pact-message-metadata': encoded }];
      } else if (state !== '') made = await enterState(behind.states, state, params);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const failure =
        request.url !== messagePath
          ? { notEntered: `"${state}": ${reason}` }
          : error instanceof Unpublished
            ? { unpublished: reason }
            : { silent: causeOf(error) };
      // The first one says why the others followed.
      failures = { ...failure, ...failures };
    }
    response
      .writeHead(200, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify(made));
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  // It lives as long as the process that verifies.
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    port,
    use(next) {
      behind = next;
    },
    failures() {
      const those = failures;
      failures = {};
      return those;
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
