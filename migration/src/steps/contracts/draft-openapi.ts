import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StranglerError } from '@strangler-toolkit/plan';
import { planned, type Step } from '../step.ts';
import { draftDocument, type DraftDocument } from './openapi/draft-document.ts';
import { recordedWrites } from './openapi/recorded-writes.ts';
import {
  askedExchanges,
  plannedRequests,
  readTraffic,
  sourceOf,
  type TrafficOptions,
} from './record/traffic.ts';

export interface DraftOpenapiOptions extends TrafficOptions {
  /** File of the document (default `openapi-drafts/<context>.json`). */
  readonly out?: string;
}

export interface DraftOpenapiResult extends Omit<DraftDocument, 'document'> {
  readonly context: string;
  readonly file: string;
  readonly monolith: string;
  /** How many requests of the recording were asked again, because it held no answer. */
  readonly asked: number;
  /** Lines of the recording that are no request. */
  readonly unread: number;
}

const fileOf = ({ context, out }: DraftOpenapiOptions): string =>
  out ?? join('openapi-drafts', `${context}.json`);

/** A first OpenAPI document of a context, from what was recorded: reads without an answer are asked again, writes never. */
export const draftOpenapi: Step<DraftOpenapiOptions, DraftOpenapiResult> = {
  async execute(kit, options) {
    const traffic = await readTraffic(kit, options);
    const { definition, monolith, routes, unread, credential } = traffic;
    const { exchanges: reads, asked } = await askedExchanges(kit, options, traffic);
    const { document, described, coverage } = draftDocument({
      title: definition.context,
      routes,
      exchanges: [
        ...reads.map((read) => ({ ...read, method: 'GET' })),
        ...recordedWrites(routes, credential),
      ],
      ...(credential && { credential }),
    });
    if (described.length === 0)
      throw new StranglerError(
        'CONFIG_INVALID',
        `${sourceOf(options)} holds no answer of ${definition.context} that could be described: ` +
          coverage.map(({ route, gaps }) => `${route}: ${gaps.join(', ')}`).join('; '),
        { remedy: 'Record requests of these routes.' },
      );
    const file = fileOf(options);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${JSON.stringify(document, null, 2)}\n`);
    return { context: definition.context, file, monolith, asked, unread, described, coverage };
  },
  async dryRun(kit, options) {
    const traffic = await readTraffic(kit, options);
    return planned([
      ...plannedRequests(options, traffic),
      { action: 'write the document', detail: fileOf(options) },
    ]);
  },
};
