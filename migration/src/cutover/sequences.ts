import { StranglerError } from '@strangler-toolkit/plan';
import type { Client } from 'pg';

/** A column that is fed by a sequence on one side or both, or (column null) a pair of free sequences of the context file. */
export interface SequencePair {
  readonly from: {
    readonly sequence: string | null;
    readonly table: string | null;
    readonly column: string | null;
  };
  readonly to: {
    readonly sequence: string | null;
    readonly table: string | null;
    readonly column: string | null;
  };
}

export interface SequenceMoved {
  readonly sequence: string;
  readonly next: string;
  /** False: it was far enough already (a rerun, or the side drew from it before). */
  readonly changed: boolean;
}

interface SequenceState {
  readonly name: string;
  /** The last value handed out; one step before the start when none was. */
  readonly used: bigint;
  readonly increment: bigint;
  readonly min: bigint;
  readonly max: bigint;
}

async function readSequence(client: Client, name: string): Promise<SequenceState> {
  const { rows: found } = await client.query<{
    name: string;
    increment: string;
    min: string;
    max: string;
  }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name, s.seqincrement::text AS increment, s.seqmin::text AS min, s.seqmax::text AS max
       FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.oid = to_regclass($1)`,
    [name],
  );
  const sequence = found[0];
  if (!sequence)
    throw new StranglerError(
      'TABLE_MISSING',
      `sequence ${name} does not exist: mend \`sequences\` of the context file`,
    );
  const { rows } = await client.query<{ last: string; called: string }>(
    `SELECT last_value::text AS last, is_called::int::text AS called FROM ${sequence.name}`,
  );
  const increment = BigInt(sequence.increment);
  const last = BigInt(rows[0]?.last ?? '0');
  return {
    name: sequence.name,
    used: rows[0]?.called === '1' ? last : last - increment,
    increment,
    min: BigInt(sequence.min),
    max: BigInt(sequence.max),
  };
}

async function extremeOfColumn(
  client: Client,
  end: SequencePair['from'],
  ascending: boolean,
): Promise<bigint | undefined> {
  if (end.table === null || end.column === null) return undefined;
  const { rows } = await client.query<{ value: string | null }>(
    `SELECT ${ascending ? 'max' : 'min'}(${client.escapeIdentifier(end.column)})::text AS value FROM ${end.table}`,
  );
  const value = rows[0]?.value;
  return value === null || value === undefined || !/^-?\d+$/.test(value)
    ? undefined
    : BigInt(value);
}

/**
 * Sequences are not replicated, so the side that takes over would hand out numbers that exist. Its sequences go past
 * everything that either side has handed out or stored, plus a gap for numbers that a session of the old side drew but has
 * not stored yet. The gap counts draws: with INCREMENT 50 it is 50 times as wide. Run again, it changes nothing.
 */
export async function moveSequences(
  from: Client,
  to: Client,
  pairs: readonly SequencePair[],
  gap: number,
): Promise<SequenceMoved[]> {
  const moved = new Map<string, SequenceMoved>();
  for (const pair of pairs) {
    if (pair.to.sequence === null) continue;
    const target = await readSequence(to, pair.to.sequence);
    const ascending = target.increment > 0n;
    const values = [
      await extremeOfColumn(from, pair.from, ascending),
      await extremeOfColumn(to, pair.to, ascending),
    ].filter((value) => value !== undefined);
    if (pair.from.sequence !== null)
      values.push((await readSequence(from, pair.from.sequence)).used);
    if (values.length === 0) continue;
    const furthest = values.reduce((best, value) => (ascending === value > best ? value : best));
    const needed = furthest + target.increment * BigInt(gap);
    const enough = ascending ? target.used >= needed : target.used <= needed;
    const next = (enough ? target.used : needed) + target.increment;
    if (!enough) {
      if (next > target.max || next < target.min) {
        throw new StranglerError(
          'SCHEMA_CHANGED',
          `sequence ${target.name} would have to continue at ${next}, outside ${target.min}..${target.max}`,
          {
            remedy:
              'Widen the sequence (ALTER SEQUENCE … MAXVALUE) and its column, or lower cutover.sequenceGap.',
          },
        );
      }
      await to.query('SELECT setval($1::regclass, $2::bigint, false)', [
        target.name,
        next.toString(),
      ]);
    }
    moved.set(target.name, {
      sequence: target.name,
      next: next.toString(),
      changed: !enough || (moved.get(target.name)?.changed ?? false),
    });
  }
  return [...moved.values()];
}
