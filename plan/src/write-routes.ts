import type { MigrationDefinition } from './migration.ts';

/** How many routes of a context are writes, and why none is, where its file says so. */
export interface WriteRoutes {
  readonly count: number;
  readonly noneBecause: string | undefined;
}

export const writeRoutesOf = ({
  routes,
  noWriteRoutes,
}: Pick<MigrationDefinition, 'routes' | 'noWriteRoutes'>): WriteRoutes => ({
  count: routes.filter(({ kind }) => kind === 'write').length,
  noneBecause: noWriteRoutes,
});

export const writeRoutesExpected = 'at least one, or noWriteRoutes with the reason';

/** A write that no route names passes to the monolith also after the cutover, where its fence refuses it. */
export const judgeWriteRoutes = ({
  count,
  noneBecause,
}: WriteRoutes): { readonly ok: boolean; readonly actual: string } =>
  count === 0 && noneBecause !== undefined
    ? { ok: true, actual: `none: ${noneBecause}` }
    : { ok: count > 0, actual: String(count) };
