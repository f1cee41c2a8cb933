import type { Pact } from '@pact-foundation/pact';
import assert from 'node:assert/strict';
import { authorised, json, pactWith, sending, token } from '../pact-words.ts';
import { sendTo } from '../shop-api.ts';
import { BackOfficeClient } from './back-office-client.ts';

const pact = pactWith('back-office', 'catalog');
export const client = (url: string, as = token): BackOfficeClient =>
  new BackOfficeClient(sendTo(url), as);

type Interaction = ReturnType<Pact['addInteraction']>;
export type RequestPart = Parameters<Interaction['withRequest']>;

interface Case {
  readonly asks: string;
  readonly given?: readonly [string, Record<string, string | boolean>][];
  readonly method: string;
  readonly path: RequestPart[1];
  readonly with?: RequestPart[2];
  readonly status: number;
  /** Undefined: an answer without a body. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly client: (url: string) => Promise<unknown>;
  readonly gives: unknown;
}

export async function promise(wanted: Case): Promise<void> {
  let interaction = pact.addInteraction();
  for (const [state, parameters] of wanted.given ?? [])
    interaction = interaction.given(state, parameters);
  await interaction
    .uponReceiving(wanted.asks)
    .withRequest(
      wanted.method,
      wanted.path,
      wanted.with ?? ((builder) => builder.headers(authorised)),
    )
    .willRespondWith(wanted.status, (builder) => {
      if (wanted.body === undefined) return;
      builder.headers({ ...json, ...wanted.headers }).jsonBody(wanted.body);
    })
    .executeTest(async ({ url }) => assert.deepEqual(await wanted.client(url), wanted.gives));
}
export const sends =
  (body: unknown): RequestPart[2] =>
  (builder) =>
    builder.headers(sending).jsonBody(body);

export const missing = (what: string) => ({
  status: 404,
  body: { error: `${what} not found` },
  gives: { kind: 'missing', what: `${what} not found` },
});
export const invalid = (...errors: readonly { field: string; message: string }[]) => ({
  status: 422,
  body: { errors },
  gives: { kind: 'invalid', problems: errors },
});
export const conflict = (field: string) => ({
  status: 409,
  body: { error: 'conflict', field },
  gives: { kind: 'conflict', field },
});
