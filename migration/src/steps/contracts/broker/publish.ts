import { stat } from 'node:fs/promises';
import { isStranglerError, StranglerError } from '@strangler-toolkit/plan';
import { planned, type Step } from '../../step.ts';
import type { Toolkit } from '../../toolkit.ts';
import { known, loadPackage } from '../verifier.ts';
import { buildSource } from './build-source.ts';
import { checkoutOf } from './git.ts';
import { openBroker, type PactFile, type Published } from './load-broker.ts';
import { committed } from './version.ts';

export interface PublishOptions {
  /** A context, whose pacts are published, or a folder of pacts of any provider. */
  readonly what: string;
  /** Default: the commit of the folder's repository. */
  readonly consumerVersion?: string;
  /** Default: what the pipeline says, or git. */
  readonly branch?: string;
  readonly tags?: readonly string[];
  /** Default: what the pipeline says. */
  readonly buildUrl?: string;
  readonly merge?: boolean;
}

export interface PublishResult {
  readonly broker: string;
  readonly version: string;
  readonly branch?: string;
  readonly published: readonly Published[];
}

interface Plan {
  readonly pacts: readonly PactFile[];
  readonly version: string;
  readonly branch?: string;
  readonly buildUrl?: string;
  readonly tags: readonly string[];
  readonly merge: boolean;
}

export const contractsPublish: Step<PublishOptions, PublishResult> = {
  async execute(kit, options) {
    const plan = await planOf(kit, options);
    const broker = await openBroker(kit);
    const published = await broker.publish(plan, ({ consumer, providers, notices }) => {
      kit.tell(`publish ${consumer}`, `${consumer} → ${providers.join(', ')}`, 'done');
      for (const { type, text } of notices)
        if (type !== 'debug') kit.tell(`publish ${consumer}`, `${type}: ${text}`, 'note');
    });
    const { version, branch } = plan;
    return { broker: broker.url, version, ...(branch !== undefined && { branch }), published };
  },
  async dryRun(kit, options) {
    const { pacts, version, branch, tags } = await planOf(kit, options);
    const about = [
      `version ${version}`,
      ...(branch === undefined ? [] : [`branch ${branch}`]),
      ...(tags.length > 0 ? [`tags ${tags.join(', ')}`] : []),
    ].join(', ');
    return planned(
      pacts.map(({ consumer, provider, file }) => ({
        action: `publish the pact of ${consumer} with ${provider}`,
        detail: `${file} (${about})`,
      })),
    );
  },
};

async function planOf(kit: Toolkit, options: PublishOptions): Promise<Plan> {
  const { folder, provider } = await whereOf(kit, options.what);
  const read = (await loadPackage('readPactFiles')) as (
    folder: string,
    provider?: string,
  ) => Promise<readonly PactFile[]>;
  const pacts = await read(folder, provider).catch((error: unknown) => {
    throw known(error);
  });
  const source = buildSource(kit.env);
  // The folder's own files may differ: the step before this one writes them.
  const checkout = await checkoutOf(folder, '.');
  const branch = options.branch ?? source.branch ?? checkout?.branch;
  const buildUrl = options.buildUrl ?? source.buildUrl;
  return {
    pacts,
    version: options.consumerVersion ?? defaultVersion(source.commit, checkout),
    ...(branch !== undefined && { branch }),
    ...(buildUrl !== undefined && { buildUrl }),
    tags: options.tags ?? [],
    merge: options.merge === true,
  };
}

function defaultVersion(
  commit: string | undefined,
  checkout: Awaited<ReturnType<typeof checkoutOf>>,
): string {
  // An image of a pipeline may have neither git nor its folder.
  if (checkout === undefined && commit !== undefined) return commit;
  const version = committed(checkout);
  if ('version' in version) return version.version;
  throw new StranglerError(
    'CONTRACTS_VERSION_UNKNOWN',
    `the version of the consumer is not known: ${version.unknown}`,
  );
}

/** What has a separator is a folder; a name is a context, or else a folder of that name. */
async function whereOf(kit: Toolkit, what: string): Promise<{ folder: string; provider?: string }> {
  const isFolder = (await stat(what).catch(() => undefined))?.isDirectory() === true;
  if (isFolder && /[/\\]|^\./.test(what)) return { folder: what };
  try {
    const { contracts } = await kit.definition(what);
    if (contracts) return { folder: contracts.pacts, provider: contracts.provider };
    throw new StranglerError('PACTS_NOT_FOUND', `context ${what} names no pacts (contracts.pacts)`);
  } catch (error) {
    const noContext =
      isStranglerError(error) && ['CONTEXT_UNKNOWN', 'CONFIG_NOT_FOUND'].includes(error.code);
    if (isFolder && noContext) return { folder: what };
    throw error;
  }
}
