import type { MigrationDefinition, Side } from '@strangler-toolkit/plan';
import type { SchemaState } from './state.ts';

export interface SchemaChange {
  readonly definition: MigrationDefinition;
  /** Whose schema changes. */
  readonly side: Side;
  readonly before: SchemaState;
  readonly after: SchemaState;
  /** Before and after are one database, so tables and columns can be followed by their numbers. */
  readonly same: boolean;
}
