import { z } from 'zod';
import { listOf, nonEmpty, number, oneOf, recordOf, strict, text } from './schema-words.ts';
import type { ConversionName } from './table-mapping.ts';

/** Parts with blanks, dots or quotes are written in quotes, as in SQL: `"Sales Dept.".lines`. */
const qualified = (kind: string) =>
  text.refine(
    (value) => /^("([^"]|"")+"|[^.\s"]+)(\.("([^"]|"")+"|[^.\s"]+))?$/.test(value),
    `must be "${kind}" or "schema.${kind}"`,
  );
export const tableName = qualified('table');
const sequenceName = qualified('sequence');
const columnValues = recordOf(text);
const conversionNames = [
  'cents-to-decimal',
  'decimal-to-cents',
  'letters-to-boolean',
  'boolean-to-letters',
  'epoch-seconds-to-timestamptz',
  'timestamptz-to-epoch-seconds',
  'epoch-milliseconds-to-timestamptz',
  'timestamptz-to-epoch-milliseconds',
  'text-to-uuid',
  'uuid-to-text',
] as const satisfies readonly ConversionName[];
const sqlText = text.refine((text) => text.trim() !== '', 'must be SQL over value');
const path = listOf(nonEmpty).refine(
  (keys) => keys.length > 0 && keys.length < 4,
  'must hold one to three keys',
);
const jsonField = strict({ from: nonEmpty, field: path, to: nonEmpty });
const columnObject = strict({
  to: nonEmpty,
  values: columnValues.optional(),
  zone: oneOf(['UTC']).optional(),
  as: oneOf(conversionNames).optional(),
  field: path.optional(),
  functions: strict({ forward: sqlText, reverse: sqlText }).optional(),
  letters: strict({ true: nonEmpty, false: nonEmpty })
    .refine(({ true: yes, false: no }) => yes !== no, 'must differ, or there is no way back')
    .optional(),
}).superRefine(({ values, zone, as, functions, field, letters }, context) => {
  const problem = (path: string, message: string): void =>
    context.addIssue({ code: 'custom', message, path: [path] });
  if (as !== undefined && (values !== undefined || zone !== undefined))
    problem('as', `cannot stand beside ${values === undefined ? 'zone' : 'values'}`);
  if (functions !== undefined) {
    const [beside] = Object.entries({ as, values, zone }).filter(
      ([, given]) => given !== undefined,
    );
    if (beside !== undefined) problem('functions', `cannot stand beside ${beside[0]}`);
  }
  if (field !== undefined) {
    const others = Object.entries({ as, values, zone, functions });
    const beside = others.find(([, given]) => given !== undefined);
    if (beside !== undefined) problem('field', `cannot stand beside ${beside[0]}`);
  }
  const takesLetters = as === 'letters-to-boolean' || as === 'boolean-to-letters';
  if (takesLetters && letters === undefined)
    problem('letters', `is missing: { true: 'Y', false: 'N' }, or what stands for them`);
  if (!takesLetters && letters !== undefined)
    problem('letters', 'belongs to letters-to-boolean and boolean-to-letters only');
});
const columnMapping = z.unknown().superRefine((value, context) => {
  if (typeof value === 'string') {
    if (value === '')
      context.addIssue({ code: 'custom', message: 'must name a column of the service' });
    return;
  }
  const parsed = columnObject.safeParse(value);
  for (const issue of parsed.error?.issues ?? [])
    context.addIssue({ code: 'custom', message: issue.message, path: [...issue.path] });
});
const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== '';
const waysBack: Readonly<Record<string, (value: unknown) => boolean>> = {
  value: (value) => value === null || typeof value === 'string',
  expression: isText,
  trigger: isText,
};
const onReturn = z.unknown().superRefine((value, context) => {
  if (value === 'default') return;
  const [[way, said] = ['', undefined], ...more] =
    typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (more.length > 0 || waysBack[way]?.(said) !== true)
    context.addIssue({
      code: 'custom',
      message:
        "must be 'default' or { value: 'PostgreSQL text' } or { value: null } or { expression: 'SQL' } or { trigger: 'name' }",
    });
});
const conditionValue = z.unknown().superRefine((value, context) => {
  const texts = Array.isArray(value) ? (value as unknown[]) : [value];
  const right = value === null || texts.every((text) => typeof text === 'string');
  if (!right || texts.length === 0 || new Set(texts).size < texts.length)
    context.addIssue({
      code: 'custom',
      message: "must be 'PostgreSQL text', ['one text', 'or another'] or null",
    });
});
export const table = strict({
  monolith: tableName,
  key: listOf(nonEmpty)
    .refine((key) => key.length > 0, 'must name at least one column')
    .optional(),
  where: recordOf(conditionValue)
    .refine((columns) => Object.keys(columns).length > 0, 'must name at least one column')
    .optional(),
  append: nonEmpty.optional(),
  service: listOf(
    strict({
      table: tableName,
      columns: recordOf(columnMapping).refine(
        (columns) => Object.keys(columns).length > 0,
        'must map at least one column',
      ),
      fields: listOf(jsonField).optional(),
      constants: recordOf(
        z.union([z.string(), z.null()], { error: 'must be PostgreSQL text or null' }),
      ).optional(),
      list: strict({
        parent: tableName,
        column: nonEmpty,
        key: recordOf(nonEmpty).refine(
          (columns) => Object.keys(columns).length > 0,
          'must name at least one column',
        ),
        position: nonEmpty,
        value: nonEmpty,
        first: number('integer', 0).optional(),
      }).optional(),
    }),
  ).refine((parts) => parts.length > 0, 'must name at least one table'),
  leave: recordOf(strict({ onReturn, reason: nonEmpty })).optional(),
  ids: recordOf(
    strict({
      monolith: sequenceName.optional(),
      service: sequenceName.optional(),
      reason: nonEmpty.optional(),
    }).refine(
      (source) => Object.values(source).some((value) => value !== undefined),
      'must name a sequence of a side, or the reason why none is needed',
    ),
  ).optional(),
});
