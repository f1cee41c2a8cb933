import { canIDeploy, type Deployable, type Deployment } from './can-i-deploy.ts';
import {
  ensureEnvironment,
  type EnvironmentFound,
  type EnvironmentWish,
  recordDeployment,
} from './deployments.ts';
import {
  pactsForVerification,
  type PactToVerify,
  type VerificationQuery,
} from './for-verification.ts';
import { type BrokerAccess, HalClient } from './hal-client.ts';
import { type Publication, type Published, publishPacts } from './publish.ts';
import { publishResults, type VerificationResults } from './results.ts';
import { ensureWebhook, type WebhookWish } from './webhook.ts';

export interface Broker {
  /** Its address, as it may be shown. */
  readonly url: string;
  publish(
    publication: Publication,
    onPublished?: (published: Published) => void,
  ): Promise<readonly Published[]>;
  pactsForVerification(query: VerificationQuery): Promise<readonly PactToVerify[]>;
  publishResults(results: VerificationResults): Promise<void>;
  canIDeploy(deployment: Deployment): Promise<Deployable>;
  recordDeployment(deployment: Deployment): Promise<void>;
  ensureEnvironment(wish: EnvironmentWish): Promise<EnvironmentFound>;
  ensureWebhook(wish: WebhookWish): Promise<{ readonly created: boolean }>;
}

/**
 * A Pact Broker (or PactFlow), walked from its index. Nothing is asked before the first call.
 *
 * @throws ContractsError CONFIG_INVALID here; each call: BROKER_UNREACHABLE, BROKER_AUTH, BROKER_NOT_FOUND, BROKER_CONFLICT,
 *   BROKER_REFUSED, BROKER_FAILED, BROKER_UNSUITABLE, CANCELLED
 * @example
 * ```ts
 * import { openBroker } from '@strangler-toolkit/contracts';
 *
 * const broker = openBroker({ url: 'https://broker.example.com', token: process.env.PACT_BROKER_TOKEN ?? '' });
 * const answer = await broker.canIDeploy({ pacticipant: 'catalog', version: '4f2c1e0', environment: 'production' });
 * console.log(answer.deployable, answer.reason);
 * ```
 */
export function openBroker(access: BrokerAccess): Broker {
  const client = new HalClient(access);
  return {
    get url() {
      return client.url;
    },
    publish: (publication, onPublished) => publishPacts(client, publication, onPublished),
    pactsForVerification: (query) => pactsForVerification(client, query),
    publishResults: (results) => publishResults(client, results),
    canIDeploy: (deployment) => canIDeploy(client, deployment),
    recordDeployment: (deployment) => recordDeployment(client, deployment),
    ensureEnvironment: (wish) => ensureEnvironment(client, wish),
    ensureWebhook: (wish) => ensureWebhook(client, wish),
  };
}
