import { readFile } from 'node:fs/promises';
import { requireVariable, StranglerError } from '@strangler-toolkit/plan';
import type { Toolkit } from '../../toolkit.ts';
import { known, loadPackage } from '../verifier.ts';

/** Written down here, because the package is optional: what the CLI needs of @strangler-toolkit/contracts. */
export interface PactFile {
  readonly file: string;
  readonly consumer: string;
  readonly provider: string;
  readonly content: string;
}

export interface Notice {
  readonly type: string;
  readonly text: string;
}

export interface Published {
  readonly consumer: string;
  readonly providers: readonly string[];
  readonly notices: readonly Notice[];
}

export interface PactToVerify {
  readonly name: string;
  readonly consumer: string;
  readonly status: 'required' | 'pending' | 'wip';
  readonly notices: readonly string[];
  readonly content: Readonly<Record<string, unknown>>;
  readonly resultsLink: string | undefined;
}

export interface VerificationQuery {
  readonly provider: string;
  readonly selectors?: readonly Readonly<Record<string, unknown>>[];
  readonly branch?: string;
  readonly wipSince?: string;
}

export interface Deployment {
  readonly pacticipant: string;
  readonly version: string;
  readonly environment: string;
}

export interface Broker {
  readonly url: string;
  publish(
    publication: {
      readonly pacts: readonly PactFile[];
      readonly version: string;
      readonly branch?: string;
      readonly tags?: readonly string[];
      readonly buildUrl?: string;
      readonly merge?: boolean;
    },
    onPublished?: (published: Published) => void,
  ): Promise<readonly Published[]>;
  pactsForVerification(query: VerificationQuery): Promise<readonly PactToVerify[]>;
  publishResults(results: {
    readonly provider: string;
    readonly version: string;
    readonly branch?: string;
    readonly buildUrl?: string;
    readonly results: readonly { readonly pact: PactToVerify; readonly success: boolean }[];
  }): Promise<void>;
  canIDeploy(deployment: Deployment): Promise<{
    readonly deployable: boolean | null;
    readonly reason: string;
    readonly notices: readonly Notice[];
  }>;
  recordDeployment(deployment: Deployment): Promise<void>;
  ensureEnvironment(wish: {
    readonly name: string;
    readonly displayName?: string;
    readonly production?: boolean;
  }): Promise<{ readonly created: boolean; readonly production: boolean }>;
  ensureWebhook(wish: {
    readonly provider: string;
    readonly description: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  }): Promise<{ readonly created: boolean }>;
}

type OpenBroker = (access: {
  readonly url: string;
  readonly token?: string;
  readonly username?: string;
  readonly password?: string;
  readonly ca?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}) => Broker;

/** What of a toolkit is needed to talk to a broker. */
export type Asking = Pick<Toolkit, 'env' | 'signal'>;

export const brokerIsSet = ({ env }: Pick<Asking, 'env'>): boolean =>
  Boolean(env.PACT_BROKER_BASE_URL);

/** Where a deployment counts, as the broker calls it. */
export const brokerEnvironment = ({ env }: Pick<Asking, 'env'>): string | undefined =>
  env.PACT_BROKER_ENVIRONMENT || undefined;

/**
 * The broker that the environment names; its errors are the toolkit's.
 *
 * @throws StranglerError CONFIG_ENV_MISSING, CONFIG_INVALID, CONTRACTS_NOT_INSTALLED, TLS_FILE
 */
export async function openBroker(kit: Asking, timeoutMs?: number): Promise<Broker> {
  const { env, signal } = kit;
  const url = requireVariable('PACT_BROKER_BASE_URL', env, 'the Pact Broker');
  const open = (await loadPackage('openBroker')) as OpenBroker;
  const ca = env.PACT_BROKER_CA_FILE;
  const access = {
    url,
    signal,
    ...(env.PACT_BROKER_TOKEN && { token: env.PACT_BROKER_TOKEN }),
    ...(env.PACT_BROKER_USERNAME && { username: env.PACT_BROKER_USERNAME }),
    ...(env.PACT_BROKER_PASSWORD && { password: env.PACT_BROKER_PASSWORD }),
    ...(ca && { ca: await certificates(ca) }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
  try {
    return withKnownErrors(open(access));
  } catch (error) {
    throw known(error);
  }
}

const certificates = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((cause: unknown) => {
    throw new StranglerError('TLS_FILE', `PACT_BROKER_CA_FILE ${file} cannot be read`, { cause });
  });

function withKnownErrors(broker: Broker): Broker {
  const told =
    <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) =>
    (...args: Args): Promise<Result> =>
      call(...args).catch((error: unknown) => {
        throw known(error);
      });
  return {
    get url() {
      return broker.url;
    },
    publish: told((...args: Parameters<Broker['publish']>) => broker.publish(...args)),
    pactsForVerification: told((query: VerificationQuery) => broker.pactsForVerification(query)),
    publishResults: told((...args: Parameters<Broker['publishResults']>) =>
      broker.publishResults(...args),
    ),
    canIDeploy: told((deployment: Deployment) => broker.canIDeploy(deployment)),
    recordDeployment: told((deployment: Deployment) => broker.recordDeployment(deployment)),
    ensureEnvironment: told((...args: Parameters<Broker['ensureEnvironment']>) =>
      broker.ensureEnvironment(...args),
    ),
    ensureWebhook: told((...args: Parameters<Broker['ensureWebhook']>) =>
      broker.ensureWebhook(...args),
    ),
  };
}
