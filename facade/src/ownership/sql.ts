import {
  type Acknowledgement,
  acknowledgeStatement,
  carryPinsStatement,
  codeOf,
  controlClockStatement,
  deletePassedPinsStatement,
  forgetInstanceStatement,
  type FreshnessRow,
  ownerNowStatement,
  readBreakingStatement,
  readFreshnessStatement,
  readOwnersStatement,
  registerInstanceStatement,
  type InstanceDetail,
  type Side,
  StranglerError,
  tooNewText,
  watermarkPassedStatement,
  writePinsStatement,
} from '@strangler-toolkit/plan';
import type pg from 'pg';

export type { Acknowledgement, FreshnessRow } from '@strangler-toolkit/plan';

type Queryable = Pick<pg.Client, 'query'>;

/** No control schema yet, or no right to look at its version: what follows tells. */
const nothingToSee = new Set(['42P01', '3F000', '42501']);

/**
 * A facade that was rolled back past a change of the schema that it cannot work with would misread it.
 * @throws StranglerError CONTROL_SCHEMA_NEWER
 */
export async function requireKnownSchema(client: Queryable): Promise<void> {
  const { rows } = await client
    .query<{ name: string }>(readBreakingStatement())
    .catch((error: unknown) => {
      if (!nothingToSee.has(codeOf(error))) throw error;
      return { rows: [] };
    });
  const names = rows.map(({ name }) => name);
  if (names.length > 0) throw new StranglerError('CONTROL_SCHEMA_NEWER', tooNewText(names));
}

/** Owners, with the control database's clock (milliseconds). */
export async function readOwners(client: Queryable): Promise<{ now: number; rows: unknown[] }> {
  const { rows } = await client.query(readOwnersStatement());
  const first: unknown = rows[0]?.now;
  return { now: Number(first), rows: rows.filter((row) => row.context !== null) };
}

export async function registerInstance(
  client: Queryable,
  instanceId: string,
  { name, detail }: { readonly name: string; readonly detail: InstanceDetail },
): Promise<void> {
  await client.query(registerInstanceStatement(instanceId, name, detail));
}

export async function forgetInstance(client: Queryable, instanceId: string): Promise<void> {
  await client.query(forgetInstanceStatement(instanceId));
}

export async function acknowledge(client: Queryable, told: Acknowledgement): Promise<void> {
  await client.query(acknowledgeStatement(told));
}

export async function writePins(
  client: Queryable,
  contexts: readonly string[],
  identities: readonly string[],
): Promise<void> {
  await client.query(writePinsStatement(contexts, identities));
}

export async function carryPins(
  client: Queryable,
  contexts: readonly string[],
  from: readonly string[],
  to: readonly string[],
): Promise<void> {
  await client.query(carryPinsStatement(contexts, from, to));
}

export async function deletePassedPins(client: Queryable): Promise<void> {
  await client.query(deletePassedPinsStatement());
}

export async function readFreshness(
  client: Queryable,
  contexts: readonly string[],
  identities: readonly string[],
  floor: string,
): Promise<FreshnessRow[]> {
  const { rows } = await client.query<FreshnessRow>(
    readFreshnessStatement(contexts, identities, floor),
  );
  return rows;
}

export interface OwnerNow {
  readonly owner: Side;
  readonly epoch: bigint;
  readonly held: boolean;
}

export async function ownerNow(client: Queryable, context: string): Promise<OwnerNow | undefined> {
  const { rows } = await client.query<{ owner: Side; epoch: string; held: boolean }>(
    ownerNowStatement(context),
  );
  const row = rows[0];
  return row && { ...row, epoch: BigInt(row.epoch) };
}

export async function controlClock(client: Queryable): Promise<string> {
  const { rows } = await client.query<{ now: string }>(controlClockStatement());
  return rows[0]?.now ?? 'infinity';
}

export async function watermarkPassed(
  client: Queryable,
  context: string,
  moment: string,
): Promise<boolean> {
  return (await client.query(watermarkPassedStatement(context, moment))).rows.length > 0;
}
