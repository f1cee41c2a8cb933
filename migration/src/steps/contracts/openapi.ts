import {
  bothSides,
  type MigrationDefinition,
  resolveSetting,
  type Side,
  StranglerError,
} from '@strangler-toolkit/plan';
import type { Toolkit } from '../toolkit.ts';
import { readSource } from '../document-source.ts';
import { planned, type Step } from '../step.ts';
import { type ComparedDocuments, compareDocuments } from './openapi/compare-documents.ts';
import { type HeldPact, holdPacts } from './openapi/hold-pacts.ts';
import { loadReader } from './verifier.ts';
import { isObject, type Json } from './openapi/document.ts';

export interface OpenapiOptions {
  readonly context: string;
  /** File or URL of each side's document in JSON; default: `/openapi.json` of the instance whose pacts are verified. */
  readonly monolith?: string;
  readonly service?: string;
  /** Besides, the context's pacts are held against each document. */
  readonly pacts?: boolean;
  /** Sees what was found whatever it is, before a failure is thrown. */
  readonly onResult?: (result: OpenapiResult) => void;
}

export interface OpenapiResult extends ComparedDocuments {
  readonly context: string;
  readonly monolith: string;
  readonly service: string;
  /** By side, each interaction and what its document does not allow of it. */
  readonly pacts?: Readonly<Record<Side, readonly HeldPact[]>>;
}

/** What the documents of both sides say, held against each other: what a client of the monolith would stumble over. */
export const contractsOpenapi: Step<OpenapiOptions, OpenapiResult> = {
  async execute(kit, options) {
    const definition = await kit.definition(options.context);
    const sources = sourcesOf(kit, definition, options);
    const [monolith, service] = await Promise.all([
      documentAt(sources.monolith, kit.signal),
      documentAt(sources.service, kit.signal),
    ]);
    const claimed = new Set(
      definition.routes.map(({ method, path }) => `${method} ${path.replaceAll(/:\w+/g, '{}')}`),
    );
    const compared = compareDocuments(monolith, service, (key) => claimed.has(key));
    const pacts = options.pacts ? await heldPacts(definition, { monolith, service }) : undefined;
    const result = {
      context: definition.context,
      ...sources,
      ...compared,
      ...(pacts && { pacts }),
    };
    options.onResult?.(result);
    if (compared.compared.length === 0 && compared.breaking.length === 0)
      throw new StranglerError(
        'CONFIG_INVALID',
        `${sources.monolith} describes none of the routes of ${definition.context}`,
        { remedy: 'Name the document that describes them with --monolith.' },
      );
    const broken = bothSides.filter((side) =>
      pacts?.[side].some(({ differences }) => differences.length > 0),
    );
    if (broken.length > 0)
      throw new StranglerError(
        'PACTS_FAILED',
        `the pacts of ${definition.context} rely on what the document of ${broken.join(' and ')} does not say`,
        { details: { ...result } },
      );
    if (compared.breaking.length > 0)
      throw new StranglerError(
        'OPENAPI_BREAKS',
        `the service's document of ${definition.context} breaks ${compared.breaking.length} promises of the monolith's`,
        { details: { ...result } },
      );
    return result;
  },
  async dryRun(kit, options) {
    const { monolith, service } = sourcesOf(kit, await kit.definition(options.context), options);
    return planned([
      { action: "read the monolith's document", detail: monolith },
      { action: "compare the service's with it", detail: service },
      ...(options.pacts ? [{ action: 'hold the pacts against both' }] : []),
    ]);
  },
};

async function heldPacts(
  { context, contracts }: MigrationDefinition,
  documents: Readonly<Record<Side, Json>>,
): Promise<Readonly<Record<Side, readonly HeldPact[]>>> {
  if (contracts === undefined)
    throw new StranglerError('PACTS_NOT_FOUND', `context ${context} names no pacts`, {
      remedy: 'Add contracts: { pacts, provider } to the context file.',
    });
  const interactions = await (await loadReader())(contracts.pacts, contracts.provider);
  return {
    monolith: holdPacts(documents.monolith, interactions),
    service: holdPacts(documents.service, interactions),
  };
}

function sourcesOf(
  kit: Toolkit,
  definition: MigrationDefinition,
  options: OpenapiOptions,
): Readonly<Record<Side, string>> {
  const served = (side: Side): string => {
    const url = resolveSetting(
      definition.contracts?.url?.[side] ?? definition[side].url,
      kit.env,
      `contracts.url.${side} of context ${definition.context}`,
    );
    return `${url.replace(/\/$/, '')}/openapi.json`;
  };
  return {
    monolith: options.monolith ?? served('monolith'),
    service: options.service ?? served('service'),
  };
}

async function documentAt(source: string, signal: AbortSignal): Promise<Json> {
  const remedy = 'Name a file or URL of an OpenAPI document in JSON, with --monolith or --service.';
  const refused = (why: string, cause?: unknown): StranglerError =>
    new StranglerError(
      'CONFIG_NOT_FOUND',
      `The OpenAPI document ${source} cannot be used: ${why}`,
      { cause, remedy },
    );
  let text: string;
  try {
    text = await readSource(source, signal);
  } catch (cause) {
    throw refused(cause instanceof Error ? cause.message : String(cause), cause);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw refused('it is no JSON', cause);
  }
  if (!isObject(parsed) || !isObject(parsed.paths)) throw refused('it has no paths');
  return parsed;
}
