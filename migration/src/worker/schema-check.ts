import type pg from 'pg';
import type { Direction } from '../apply/interpret-event.ts';
import { isStranglerError, StranglerError } from '../errors.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import { loadMapping } from '../mapping/load.ts';
import type { MigrationDefinition } from '../plan/migration.ts';
import type { StreamMessage } from '../stream/change-stream.ts';

const misfits = new Set(['COLUMN_MISSING', 'TABLE_MISSING', 'CONFIG_INVALID', 'REPLICA_IDENTITY']);

/** The mapping no longer compiles against tables that it was already replicating. */
export function asSchemaChange(error: unknown): unknown {
  if (!isStranglerError(error) || !misfits.has(error.code)) return error;
  return new StranglerError('SCHEMA_CHANGED', `The tables no longer fit the mapping: ${error.message}`, { cause: error, details: { ...error.details, was: error.code } });
}

/** @throws StranglerError SCHEMA_CHANGED naming the line of the mapping */
export async function checkSchema(definition: MigrationDefinition, monolith: pg.Client, service: pg.Client): Promise<void> {
  try {
    await loadMapping(definition, monolith, service);
  } catch (error) {
    throw asSchemaChange(error);
  }
}

/** Watches the shapes that the stream announces. The answer says whether a table changed since it was last announced. */
export class RelationWatch {
  readonly #columns = new Map<string, { readonly line: string; readonly names: readonly string[] }>();
  readonly #seen = new Map<string, string>();

  constructor(mapping: CompiledMapping, direction: Direction) {
    for (const table of mapping.tables) {
      for (const part of table.parts) {
        const side = direction === 'forward' ? table.monolith : part.service;
        const name = `${side.schema}.${side.table}`;
        const names = part.columns.map((column) => (direction === 'forward' ? column.from : column.to));
        const known = this.#columns.get(name);
        this.#columns.set(name, { line: known?.line ?? part.line, names: [...(known?.names ?? []), ...names] });
      }
    }
  }

  take(message: Extract<StreamMessage, { kind: 'relation' }>): boolean {
    const name = `${message.schema}.${message.table}`;
    const mapped = this.#columns.get(name);
    const missing = mapped?.names.find((column) => !message.columns.some((present) => present.name === column));
    if (mapped !== undefined && missing !== undefined) {
      throw new StranglerError('SCHEMA_CHANGED', `${mapped.line}.columns: ${name} has lost its column ${missing}`, { details: { table: name, column: missing } });
    }
    const shape = JSON.stringify(message);
    const changed = this.#seen.has(name) && this.#seen.get(name) !== shape;
    this.#seen.set(name, shape);
    return changed;
  }
}
