import { ContractsError } from '../contracts-error.ts';
import type { HalClient } from './hal-client.ts';
import { isObject, type Json, linkOf, listOf, textOf } from './links.ts';

/** Which pacts a provider must keep, as Pact's documentation calls it: consumer version selectors. */
export type Selector = Json;

export interface VerificationQuery {
  readonly provider: string;
  readonly selectors?: readonly Selector[];
  /** Of the provider's version that is verified: what is pending depends on it. */
  readonly branch?: string;
  /** Work in progress since that day (2026-01-31) as well, though no selector asks for it. */
  readonly wipSince?: string;
}

/** `pending`, `wip`: the provider has never kept it, so it may not fail the provider's build. */
export type PactStatus = 'required' | 'pending' | 'wip';

export interface PactToVerify {
  readonly name: string;
  readonly consumer: string;
  readonly status: PactStatus;
  /** Why it is asked for, in the broker's words. */
  readonly notices: readonly string[];
  readonly content: Json;
  /** Where its results go. */
  readonly resultsLink: string | undefined;
}

const flags = ['mainBranch', 'matchingBranch', 'fallbackToMainBranch', 'deployed', 'released'];
const known: Readonly<Record<string, 'true' | 'text' | 'boolean'>> = {
  ...Object.fromEntries([...flags, 'deployedOrReleased'].map((name) => [name, 'true'])),
  latest: 'boolean',
  ...Object.fromEntries(
    ['branch', 'fallbackBranch', 'environment', 'consumer', 'tag', 'fallbackTag'].map((name) => [
      name,
      'text',
    ]),
  ),
};

/** As one is typed: JSON. @throws ContractsError CONFIG_INVALID when a broker would not know it */
export function parseSelector(text: string): Selector {
  const invalid = (why: string): ContractsError =>
    new ContractsError('CONFIG_INVALID', `the selector ${text} ${why}`);
  let selector: unknown;
  try {
    selector = JSON.parse(text);
  } catch (cause) {
    throw new ContractsError('CONFIG_INVALID', `the selector ${text} is no JSON`, { cause });
  }
  if (!isObject(selector) || Object.keys(selector).length === 0)
    throw invalid('is no object that says anything: {"mainBranch":true} is one');
  for (const [name, value] of Object.entries(selector)) {
    const kind = known[name];
    if (kind === undefined)
      throw invalid(`has "${name}", which no broker knows: ${Object.keys(known).join(', ')}`);
    if (kind === 'true' && value !== true) throw invalid(`has "${name}", which can only be true`);
    if (kind === 'boolean' && typeof value !== 'boolean')
      throw invalid(`has "${name}", which is true or false`);
    if (kind === 'text' && (typeof value !== 'string' || value === ''))
      throw invalid(`has "${name}", which is a text`);
  }
  return selector;
}

/** What Pact recommends: consumers' main branches, the branch of the same name, and all that is deployed or released. */
const usualSelectors = (branch: string | undefined): readonly Selector[] => [
  { mainBranch: true },
  ...(branch === undefined ? [] : [{ matchingBranch: true }]),
  { deployedOrReleased: true },
];

export const queryBody = ({ selectors, branch, wipSince }: VerificationQuery): Json => ({
  consumerVersionSelectors: [...(selectors ?? usualSelectors(branch))],
  includePendingStatus: true,
  ...(branch !== undefined && { providerVersionBranch: branch }),
  ...(wipSince !== undefined && { includeWipPactsSince: wipSince }),
});

/** One entry of the broker's list. */
export function listedPact(
  entry: Json,
): { name: string; href: string; status: PactStatus; notices: readonly string[] } | undefined {
  const href = linkOf(entry, 'self');
  if (href === undefined) return undefined;
  const properties = isObject(entry.verificationProperties) ? entry.verificationProperties : {};
  const self = isObject(entry._links) ? entry._links.self : undefined;
  return {
    href,
    name: (isObject(self) ? textOf(self.name) : undefined) ?? href,
    status: properties.wip === true ? 'wip' : properties.pending === true ? 'pending' : 'required',
    notices: listOf(properties.notices)
      .filter(({ when }) => when === undefined || when === 'before_verification')
      .map(({ text }) => textOf(text) ?? ''),
  };
}

/** Asks which pacts a provider must keep, and fetches each. */
export async function pactsForVerification(
  client: HalClient,
  query: VerificationQuery,
): Promise<readonly PactToVerify[]> {
  const link = await client.relation('pb:provider-pacts-for-verification', {
    provider: query.provider,
  });
  const { body } = await client.post(link, queryBody(query));
  const entries = isObject(body._embedded) ? listOf(body._embedded.pacts) : [];
  const pacts: PactToVerify[] = [];
  for (const entry of entries) {
    const listed = listedPact(entry);
    if (listed === undefined)
      throw new ContractsError(
        'BROKER_UNSUITABLE',
        'the Pact Broker lists a pact without a link to it',
      );
    const { href, ...about } = listed;
    const { body: content } = await client.get(href);
    pacts.push({
      ...about,
      consumer: (isObject(content.consumer) && textOf(content.consumer.name)) || 'unknown',
      content,
      resultsLink: linkOf(content, 'pb:publish-verification-results'),
    });
  }
  return pacts;
}
