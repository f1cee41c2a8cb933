import type { Statement } from './facade-statements.ts';

/**
 * The control schema's migrations, in their order. `additive`: a release that does not know it works on beside it, so it is
 * written down in a table of its own; only the others stand where every release looks for what it does not know.
 */
export const controlMigrations = {
  '0001-control': 'breaking',
  '0002-identities-seen': 'additive',
  '0003-unclaimed-requests': 'additive',
  '0004-flags': 'additive',
  '0005-written-together': 'additive',
  '0006-refused-requests': 'additive',
  '0007-write-windows': 'additive',
  '0008-named-identities': 'additive',
  '0009-answer-forms': 'additive',
  '0010-rate-limits': 'additive',
} as const satisfies Readonly<Record<string, 'additive' | 'breaking'>>;
export type ControlMigration = keyof typeof controlMigrations;

export const controlMigrationNames = Object.keys(controlMigrations) as readonly ControlMigration[];

/** Where facades count together how often somebody asks. */
export const rateLimitTable = {
  schemaName: 'strangler_control',
  tableName: 'rate_limits',
} as const;

/** Of a newer release, such that this one cannot go on; fails where there is no control schema yet. */
export const readBreakingStatement = (): Statement => ({
  text: 'SELECT name FROM strangler_control.kysely_migration WHERE name <> ALL ($1::text[]) ORDER BY name',
  values: [controlMigrationNames],
});

export const tooNewText = (names: readonly string[]): string =>
  `The control schema has changes that this release cannot work with: ${names.join(', ')}`;
