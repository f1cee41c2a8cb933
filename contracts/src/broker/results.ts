import { ContractsError } from '../contracts-error.ts';
import type { HalClient } from './hal-client.ts';
import type { PactToVerify } from './for-verification.ts';

export interface VerificationResults {
  readonly provider: string;
  /** Of the provider, as it was verified. */
  readonly version: string;
  readonly branch?: string;
  readonly buildUrl?: string;
  readonly results: readonly { readonly pact: PactToVerify; readonly success: boolean }[];
}

/** The branch first: a result of a version without one would leave every pact pending. */
export async function publishResults(
  client: HalClient,
  { provider, version, branch, buildUrl, results }: VerificationResults,
): Promise<void> {
  if (results.length === 0) return;
  if (branch !== undefined) {
    const link = await client.relation('pb:pacticipant-branch-version', {
      pacticipant: provider,
      branch,
      version,
    });
    await client.put(link, {});
  }
  for (const { pact, success } of results) {
    if (pact.resultsLink === undefined)
      throw new ContractsError(
        'BROKER_UNSUITABLE',
        `${pact.name}: the Pact Broker names no place for its results (pb:publish-verification-results)`,
      );
    await client.post(pact.resultsLink, {
      success,
      providerApplicationVersion: version,
      ...(buildUrl !== undefined && { buildUrl }),
      verifiedBy: { implementation: 'strangler-toolkit' },
    });
  }
}
