import { createHash } from 'node:crypto';
import type { HalClient } from './hal-client.ts';
import type { Json } from './links.ts';

export interface WebhookWish {
  readonly provider: string;
  /** Tells this webhook of a provider from its others; the same name is the same webhook. */
  readonly description: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** What a provider's pipeline needs to know: understood by GitHub's repository_dispatch, readable by any other. */
export const usualBody: Json = {
  event_type: 'contract_requiring_verification_published',
  client_payload: {
    pact_url: '${pactbroker.pactUrl}',
    provider_version: '${pactbroker.providerVersionNumber}',
    provider_branch: '${pactbroker.providerVersionBranch}',
    consumer: '${pactbroker.consumerName}',
    consumer_version: '${pactbroker.consumerVersionNumber}',
  },
};

/** The same webhook whenever somebody asks for it, so that asking twice makes one. */
const webhookId = ({ provider, description }: WebhookWish): string =>
  createHash('sha256')
    .update(JSON.stringify([provider, description]))
    .digest('hex')
    .slice(0, 32);

/** Makes or renews the webhook that starts the provider's pipeline when a pact wants verification. */
export async function ensureWebhook(
  client: HalClient,
  wish: WebhookWish,
): Promise<{ readonly created: boolean }> {
  const link = await client.relation('pb:webhook', { uuid: webhookId(wish) });
  const { provider, description, url, headers, body } = wish;
  const { status } = await client.put(link, {
    description,
    provider: { name: provider },
    events: [{ name: 'contract_requiring_verification_published' }],
    request: { method: 'POST', url, headers, body },
  });
  return { created: status === 201 };
}
