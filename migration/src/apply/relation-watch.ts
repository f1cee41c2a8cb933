import { replicaSchema } from '../replica/schema.ts';
import { type Direction, endsOf, sourceOf, StranglerError } from '@strangler-toolkit/plan';
import { columnOn, type CompiledMapping, lineOf, tableName } from '../mapping/compiled-mapping.ts';
import type { StreamMessage } from '../stream/change-stream.ts';

export type RelationMessage = Extract<StreamMessage, { kind: 'relation' }>;

/**
 * Watches the shapes that the stream announces. A column that was dropped or renamed is absent from the rows that follow, just
 * as an unchanged large value is, so it has to be noticed here.
 */
export class RelationWatch {
  readonly #columns = new Map<string, ReadonlyMap<string, string>>();
  readonly #seen = new Map<string, string>();

  constructor(mapping: CompiledMapping, direction: Direction) {
    for (const table of mapping.tables) {
      if (direction === 'forward')
        this.#expect(
          tableName(table.monolith),
          Object.keys(table.where ?? {}).map((column) => [column, `${table.line}.where.${column}`]),
        );
      for (const part of table.parts) {
        const { source } = endsOf(direction, { monolith: table.monolith, service: part.service });
        const name = `${source.schema}.${source.table}`;
        const lines = part.columns.map((link): [string, string] => [
          columnOn(link, sourceOf(direction)),
          lineOf(part, link),
        ]);
        this.#expect(name, lines);
        if (direction === 'reverse')
          this.#expect(
            name,
            Object.keys(part.shared?.where ?? {}).map((column) => [
              column,
              `${part.line}.constants.${column}`,
            ]),
          );
      }
    }
  }

  #expect(name: string, lines: readonly (readonly [string, string])[]): void {
    this.#columns.set(name, new Map([...(this.#columns.get(name) ?? []), ...lines]));
  }

  /** True when this shape has to be looked at before rows of it are written. */
  isNew(message: RelationMessage): boolean {
    const name = `${message.schema}.${message.table}`;
    if (message.schema === replicaSchema) return false;
    const shape = JSON.stringify(message);
    if (this.#seen.get(name) === shape) return false;
    this.#seen.set(name, shape);
    return true;
  }

  /** A mapped column that rows of this shape do not have. */
  misfit(message: RelationMessage): StranglerError | null {
    const name = `${message.schema}.${message.table}`;
    for (const [column, line] of this.#columns.get(name) ?? []) {
      if (message.columns.some((present) => present.name === column)) continue;
      return new StranglerError(
        'SCHEMA_CHANGED',
        `${line}: changes of ${name} come without its column ${column}, though the table has it now`,
        {
          remedy:
            'These changes were made before the table got the column: run strangler replicate <context> --restart, which copies anew.',
          details: { table: name, column },
        },
      );
    }
    return null;
  }
}
