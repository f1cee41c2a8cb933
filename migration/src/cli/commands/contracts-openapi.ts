import type { Command } from 'commander';
import { StranglerError } from '@strangler-toolkit/plan';
import { type CommonOptions, makeCommand, runStep, type Session } from '../command.ts';
import { draftOpenapiText } from '../text/draft-openapi.ts';
import { openapiText } from '../text/openapi.ts';
import { trafficOptions, type TrafficFlags, withTraffic } from './traffic-options.ts';

interface OpenapiFlags extends CommonOptions, TrafficFlags {
  readonly service?: string;
  readonly pacts?: boolean;
  readonly out?: string;
}

export const openapiCommand = (session: Session): Command =>
  withTraffic(
    makeCommand({
      usage: 'openapi <context>',
      summary: 'compare the OpenAPI documents of both sides, or draft a first one from traffic',
      description:
        "Compares the OpenAPI documents of both sides, for the context's routes, and lists by kind what a client of the monolith\n" +
        'would stumble over: routes, statuses, fields, types, forms and values. Exit code 3 when there is something;\n' +
        '5 when a pact relies on what a document does not say (--pacts).\n' +
        'Where there is no document yet, --traffic writes a first one (OpenAPI 3.1) of what was recorded, as\n' +
        '`contracts record` writes a first pact, and lists what the traffic did not show.',
      changes: true,
      examples: [
        'contracts openapi catalog --service openapi/catalog.json',
        'contracts openapi catalog --pacts',
        'contracts openapi catalog --monolith http://127.0.0.1:3000/openapi.json --json',
        'contracts openapi catalog --traffic access.log --out openapi/catalog.json',
      ],
    })
      .option(
        '--monolith <file-or-url>',
        "the monolith's document (default: its /openapi.json); with --traffic: who is asked (default: the context's monolith)",
      )
      .option('--service <file-or-url>', "the service's document (default: its /openapi.json)")
      .option('--pacts', "besides, hold the context's pacts against both documents")
      .option('--traffic <file>', 'draft a document from a HAR file, an access log or JSON lines')
      .option(
        '--out <file>',
        'with --traffic: where it goes (default: openapi-drafts/<context>.json)',
      ),
  ).action(async (context: string, options: OpenapiFlags) => {
    refuseMixed(options);
    if (options.traffic !== undefined) {
      const { draftOpenapi } = await import('../../steps/contracts/draft-openapi.ts');
      await runStep(session, options, {
        step: draftOpenapi,
        options: {
          ...trafficOptions(context, options.traffic, options),
          ...(options.out !== undefined && { out: options.out }),
        },
        text: draftOpenapiText,
      });
      return;
    }
    const { contractsOpenapi } = await import('../../steps/contracts/openapi.ts');
    await runStep(session, options, {
      step: contractsOpenapi,
      options: {
        context,
        ...(options.monolith !== undefined && { monolith: options.monolith }),
        ...(options.service !== undefined && { service: options.service }),
        ...(options.pacts && { pacts: true }),
        onResult: (result) => {
          const held = Object.values(result.pacts ?? {}).flat();
          const broken = held.some(({ differences }) => differences.length > 0);
          if ((result.breaking.length > 0 || broken) && !options.json)
            session.terminal.talk(openapiText(result));
        },
      },
      text: openapiText,
    });
  });

/** What would be passed over without a word. */
function refuseMixed(options: OpenapiFlags): void {
  const given = (names: readonly (keyof OpenapiFlags)[]): string | undefined =>
    names.find((name) => {
      const value = options[name];
      return Array.isArray(value) ? value.length > 0 : value !== undefined;
    });
  const drafts = options.traffic !== undefined;
  const wrong = given(drafts ? ['service', 'pacts'] : ['out', 'route', 'limit', 'header', 'as']);
  if (wrong !== undefined)
    throw new StranglerError(
      'USAGE',
      drafts
        ? `--${wrong} compares documents, --traffic drafts one`
        : `--${wrong} is for a draft: it needs --traffic`,
    );
}
