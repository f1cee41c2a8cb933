import { z } from 'zod';
import { route } from './route-schema.ts';
import {
  databaseUrl,
  databaseUrlForConnect,
  httpUrl,
  listOf,
  nonEmpty,
  number,
  oneOf,
  recordOf,
  setting,
  strict,
  text,
} from './schema-words.ts';
import { table, tableName } from './table-schema.ts';

const side = strict({
  url: httpUrl,
  database: databaseUrl.optional(),
  databaseDirect: databaseUrl.optional(),
  instances: listOf(httpUrl).optional(),
  maxRequests: number('integer', 1).optional(),
  health: text.refine((path) => path.startsWith('/'), 'must start with "/"').optional(),
  buildPath: text.refine((path) => path.startsWith('/'), 'must start with "/"').optional(),
});
const messages = z.unknown().superRefine((value, context) => {
  const way =
    typeof value === 'object' && value !== null && 'url' in value
      ? strict({ url: httpUrl })
      : strict({ from: oneOf(['outbox', 'changes']), database: databaseUrl.optional() });
  for (const issue of way.safeParse(value).error?.issues ?? [])
    context.addIssue({ code: 'custom', message: issue.message, path: [...issue.path] });
});
const states = z.unknown().superRefine((value, context) => {
  const ways = {
    url: strict({ url: httpUrl }),
    command: strict({ command: nonEmpty }),
    sql: strict({ sql: recordOf(nonEmpty), database: databaseUrl.optional() }),
    present: strict({ present: nonEmpty }),
  };
  const way = Object.entries(ways).find(
    ([name]) => typeof value === 'object' && value !== null && name in value,
  );
  if (way === undefined)
    return context.addIssue({
      code: 'custom',
      message: "must be { url }, { command }, { sql } or { present: 'why' }",
    });
  for (const issue of way[1].safeParse(value).error?.issues ?? [])
    context.addIssue({ code: 'custom', message: issue.message, path: [...issue.path] });
});
const providers = recordOf(strict({ url: httpUrl, states: states.optional() })).superRefine(
  (value, context) => {
    for (const name of Object.keys(value))
      if (!/^[a-z][a-z0-9-]*$/.test(name) || name === 'monolith' || name === 'service')
        context.addIssue({
          code: 'custom',
          message: 'must have a lower-case name other than "monolith" and "service"',
          path: [name],
        });
  },
);
const foreignKey = strict({ onApply: oneOf(['carry-out', 'park', 'accept']), reason: nonEmpty });

const trigger = strict({ onApply: oneOf(['accept', 'fires']), reason: nonEmpty });

const percent = number('any', 0, 100);
export const definitionSchema = strict({
  context: text.refine(
    (value) => /^[a-z][a-z0-9-]{0,35}$/.test(value),
    'must be lower-case letters, digits and "-", begin with a letter and have at most 36 characters',
  ),
  data: oneOf(['none', 'shared', 'replicated', 'reference', 'projection']),
  monolith: side,
  service: side,
  identity: listOf(
    text.refine(
      (value) => /^(?:(?:claim:[^\s@]+@)?(?:header|cookie|query)|answer):[^\s:]+$/.test(value),
      'must be "header:<name>", "cookie:<name>", "query:<name>", "claim:<claim>@<one of these>" or "answer:<header>"',
    ),
  ).optional(),
  routes: listOf(route),
  rampCeiling: number('integer', 1, 100_000).optional(),
  standInSeconds: number('any', 0).optional(),
  noWriteRoutes: nonEmpty.optional(),
  reads: listOf(nonEmpty).optional(),
  tables: listOf(table).optional(),
  sequences: listOf(strict({ monolith: tableName, service: tableName })).optional(),
  foreignKeys: strict({
    monolith: recordOf(foreignKey).optional(),
    service: recordOf(foreignKey).optional(),
  }).optional(),
  triggers: strict({
    monolith: recordOf(trigger).optional(),
    service: recordOf(trigger).optional(),
  }).optional(),
  writtenTogether: strict({
    monolith: recordOf(strict({ reason: nonEmpty })).optional(),
    service: recordOf(strict({ reason: nonEmpty })).optional(),
  }).optional(),
  subscriptions: strict({
    monolith: recordOf(strict({ reason: nonEmpty })).optional(),
    service: recordOf(strict({ reason: nonEmpty })).optional(),
  }).optional(),
  values: recordOf(strict({ reason: nonEmpty })).optional(),
  constraints: strict({
    monolith: recordOf(strict({ reason: nonEmpty })).optional(),
    service: recordOf(strict({ reason: nonEmpty })).optional(),
  }).optional(),
  sorting: strict({ reason: nonEmpty }).optional(),
  files: recordOf(
    strict({ storage: oneOf(['shared', 'copied', 'none']), reason: nonEmpty }),
  ).optional(),
  contracts: strict({
    pacts: nonEmpty,
    provider: nonEmpty,
    url: strict({ monolith: httpUrl.optional(), service: httpUrl.optional() }).optional(),
    stateUrl: strict({ monolith: httpUrl.optional(), service: httpUrl.optional() }).optional(),
    states: strict({ monolith: states.optional(), service: states.optional() }).optional(),
    messages: recordOf(
      strict({ monolith: messages.optional(), service: messages.optional() }),
    ).optional(),
    providers: providers.optional(),
  }).optional(),
  gates: strict({
    maxLagSeconds: number('any', 0).optional(),
    minShadowReads: number('integer', 0).optional(),
    maxMismatchPercent: percent.optional(),
    verificationMaxAgeSeconds: number('any', 0).optional(),
    rampMinRequests: number('integer', 0).optional(),
    rampMaxErrorExcessPercent: percent.optional(),
    rampMaxRefusedExcessPercent: percent.optional(),
    rampMaxLatencyRatio: number('any', 0).optional(),
    watchSeconds: number('any', 0).optional(),
    retireAfterDays: number('any', 0).optional(),
    pacts: z.boolean({ error: 'must be true or false' }).optional(),
  }).optional(),
  cutover: strict({
    holdTimeoutMs: number('integer', 1).optional(),
    fenceLockTimeoutMs: number('integer', 1).optional(),
    fenceAttempts: number('integer', 1).optional(),
    catchUpTimeoutMs: number('integer', 1).optional(),
    sequenceGap: number('integer', 0).optional(),
  }).optional(),
  replication: strict({
    transport: setting((value) =>
      value === 'embedded' || value === 'kafka'
        ? undefined
        : `must be one of embedded, kafka (is ${JSON.stringify(value)})`,
    ).optional(),
    partitions: number('integer', 1, 1000).optional(),
    retentionHours: number('any', 1).optional(),
    connect: recordOf(text).optional(),
    databaseForConnect: strict({
      monolith: databaseUrlForConnect.optional(),
      service: databaseUrlForConnect.optional(),
    }).optional(),
  }).optional(),
});
