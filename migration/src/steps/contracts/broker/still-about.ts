import { createHash } from 'node:crypto';
import type { Asking, PactToVerify, VerificationQuery } from './load-broker.ts';
import { brokerIsSet, openBroker } from './load-broker.ts';

/** What evidence says of pacts that came from a broker. */
export interface BrokerBasis {
  readonly queries: readonly VerificationQuery[];
  /** What was kept by both sides, each pact as one hash. */
  readonly kept: readonly string[];
}

/** What a pact says, whatever version it was published for and whatever the broker adds to it. */
export function pactHash(content: Readonly<Record<string, unknown>>): string {
  const { _links, createdAt: _createdAt, metadata: _metadata, ...said } = content;
  const plain = { ...said };
  for (const list of ['interactions', 'messages'])
    if (list in plain) plain[list] = withoutIds(plain[list]);
  return createHash('sha256').update(JSON.stringify(plain)).digest('hex');
}

/** The broker's own number of each; deeper down `_id` is a field that somebody promises. */
const withoutIds = (list: unknown): unknown =>
  Array.isArray(list)
    ? list.map((one: unknown) => {
        if (typeof one !== 'object' || one === null) return one;
        return { ...one, _id: undefined };
      })
    : list;

/** What the broker wants to have kept now, and evidence was not about. What is pending or in progress is not wanted yet. */
export function notCovered(
  pacts: readonly Pick<PactToVerify, 'name' | 'status' | 'content'>[],
  { kept }: Pick<BrokerBasis, 'kept'>,
): string[] {
  return pacts
    .filter(({ status, content }) => status === 'required' && !kept.includes(pactHash(content)))
    .map(({ name }) => name);
}

const isBasis = (value: unknown): value is BrokerBasis =>
  typeof value === 'object' && value !== null && 'queries' in value && 'kept' in value;

/** Why evidence of a broker's pacts counts no longer; undefined: it does. A broker that cannot be asked makes it void. */
export async function changedAtBroker(kit: Asking, basis: unknown): Promise<string | undefined> {
  if (!isBasis(basis)) return 'it does not say which pacts it was about';
  if (!brokerIsSet(kit))
    return 'it was about the pacts of a Pact Broker, and PACT_BROKER_BASE_URL is not set here';
  try {
    const broker = await openBroker(kit, 5_000);
    const wanted: string[] = [];
    for (const query of basis.queries)
      wanted.push(...notCovered(await broker.pactsForVerification(query), basis));
    return wanted.length === 0
      ? undefined
      : `the Pact Broker wants pacts kept that it was not about: ${wanted.join(', ')}`;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `it cannot be asked which pacts count now: ${why}`;
  }
}
