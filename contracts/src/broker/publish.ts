import type { HalClient } from './hal-client.ts';
import { isObject, type Json, listOf, textOf } from './links.ts';
import type { PactFile } from './pact-files.ts';

export interface Publication {
  readonly pacts: readonly PactFile[];
  /** Of the consumer, the same for all of them: the commit of a repository that holds several. */
  readonly version: string;
  readonly branch?: string;
  readonly tags?: readonly string[];
  readonly buildUrl?: string;
  /** Adds to what was published for this version (tests that run on several machines) instead of replacing it. */
  readonly merge?: boolean;
}

export interface Notice {
  readonly type: string;
  readonly text: string;
}

export interface Published {
  readonly consumer: string;
  readonly providers: readonly string[];
  /** What the broker says to it, in its words. */
  readonly notices: readonly Notice[];
}

/** What a broker is sent, one body for each consumer: a publication is of one version of one application. */
export function publications({
  pacts,
  version,
  branch,
  tags = [],
  buildUrl,
  merge = false,
}: Publication): readonly (Json & { readonly pacticipantName: string })[] {
  const consumers = [...new Set(pacts.map(({ consumer }) => consumer))];
  return consumers.map((consumer) => ({
    pacticipantName: consumer,
    pacticipantVersionNumber: version,
    ...(branch !== undefined && { branch }),
    tags: [...tags],
    ...(buildUrl !== undefined && { buildUrl }),
    contracts: pacts
      .filter((pact) => pact.consumer === consumer)
      .map(({ provider, content }) => ({
        consumerName: consumer,
        providerName: provider,
        specification: 'pact',
        contentType: 'application/json',
        content: Buffer.from(content).toString('base64'),
        onConflict: merge ? 'merge' : 'overwrite',
      })),
  }));
}

export const noticesOf = (body: Json): Notice[] =>
  listOf(body.notices).map(({ type, text }) => ({
    type: textOf(type) ?? 'info',
    text: textOf(text) ?? '',
  }));

/** One consumer after the other; `onPublished` hears of each, because a later one may be refused. */
export async function publishPacts(
  client: HalClient,
  publication: Publication,
  onPublished: (published: Published) => void = () => undefined,
): Promise<readonly Published[]> {
  const link = await client.relation('pb:publish-contracts');
  const all: Published[] = [];
  for (const body of publications(publication)) {
    const answer = await client.post(link, body);
    const consumer = body.pacticipantName;
    const published = {
      consumer,
      providers: publication.pacts
        .filter((pact) => pact.consumer === consumer)
        .map(({ provider }) => provider),
      notices: isObject(answer.body) ? noticesOf(answer.body) : [],
    };
    all.push(published);
    onPublished(published);
  }
  return all;
}
