import { readFile } from 'node:fs/promises';
import { StranglerError } from '@strangler-toolkit/plan';
import { planned, type Step } from '../../step.ts';
import type { Toolkit } from '../../toolkit.ts';
import { loadPackage } from '../verifier.ts';
import { openBroker } from './load-broker.ts';

export interface EnvironmentOptions {
  readonly name: string;
  readonly displayName?: string;
  readonly production?: boolean;
}

export interface EnvironmentResult {
  readonly name: string;
  readonly created: boolean;
  readonly production: boolean;
}

export const contractsEnvironment: Step<EnvironmentOptions, EnvironmentResult> = {
  async execute(kit, options) {
    const broker = await openBroker(kit);
    return { name: options.name, ...(await broker.ensureEnvironment(options)) };
  },
  dryRun: (_, { name, production }) =>
    Promise.resolve(
      planned([
        {
          action: `make the environment ${name} at the Pact Broker, unless it is there`,
          ...(production && { detail: 'production' }),
        },
      ]),
    ),
};

export interface WebhookOptions {
  readonly context: string;
  /** What starts the provider's pipeline. */
  readonly url: string;
  readonly description?: string;
  /** `Name: value` */
  readonly headers?: readonly string[];
  /** `Name=VARIABLE`: the value stands in the environment, and nowhere else. */
  readonly secretHeaders?: readonly string[];
  /** JSON; default: what GitHub's repository_dispatch understands. */
  readonly bodyFile?: string;
}

export interface WebhookResult {
  readonly provider: string;
  readonly description: string;
  readonly url: string;
  readonly created: boolean;
}

export const contractsWebhook: Step<WebhookOptions, WebhookResult> = {
  async execute(kit, options) {
    const wish = await wishOf(kit, options);
    const { created } = await (await openBroker(kit)).ensureWebhook(wish);
    const { provider, description, url } = wish;
    return { provider, description, url, created };
  },
  async dryRun(kit, options) {
    const { provider, description, url } = await wishOf(kit, options);
    return planned([
      {
        action: `make or renew the webhook "${description}"`,
        detail: `POST ${url} when a pact with ${provider} wants verification`,
      },
    ]);
  },
};

async function wishOf(kit: Toolkit, options: WebhookOptions) {
  const { contracts } = await kit.definition(options.context);
  if (contracts === undefined)
    throw new StranglerError(
      'PACTS_NOT_FOUND',
      `context ${options.context} names no provider (contracts.provider)`,
    );
  const { url } = options;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new StranglerError('USAGE', `--url ${url} is no URL of http or https`);
  return {
    provider: contracts.provider,
    description: options.description ?? `verify the pacts of ${contracts.provider}`,
    url,
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/json',
      ...Object.fromEntries((options.headers ?? []).map(plainHeader)),
      ...Object.fromEntries((options.secretHeaders ?? []).map((text) => secretHeader(kit, text))),
    },
    body:
      options.bodyFile === undefined
        ? await loadPackage('usualWebhookBody')
        : await bodyOf(options.bodyFile),
  };
}

function plainHeader(text: string): [string, string] {
  const [, name, value] = /^([\w-]+):\s*(.+)$/.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return [name, value];
  throw new StranglerError('USAGE', 'a header is given as "Name: value"');
}

function secretHeader({ env }: Toolkit, text: string): [string, string] {
  const [, name, variable] = /^([\w-]+)=(\w+)$/.exec(text) ?? [];
  if (name === undefined || variable === undefined)
    throw new StranglerError('USAGE', 'a secret header is given as Name=VARIABLE');
  const value = env[variable];
  if (value) return [name, value];
  throw new StranglerError(
    'CONFIG_ENV_MISSING',
    `${variable} is not set (needed for the header ${name})`,
  );
}

async function bodyOf(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new StranglerError('CONFIG_INVALID', `${file} cannot be read`, { cause });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new StranglerError('CONFIG_INVALID', `${file} is no JSON`, { cause });
  }
}
