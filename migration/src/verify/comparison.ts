import { otherSide, type Side } from '@strangler-toolkit/plan';
import { quoteIdentifier, quoteTable } from '../database/identifiers.ts';
import { convertedText, inexactMark, outputText } from '../copy/projection-sql.ts';
import type { Conversion } from '../mapping/conversions/conversion.ts';
import {
  type ColumnLink,
  columnOn,
  type CompiledPart,
  type CompiledTable,
  type SharedTable,
} from '../mapping/compiled-mapping.ts';
import { conditionSql, sharedSql } from '../mapping/row-condition.ts';

/** How one side's table shows its rows in terms that both sides share. */
export interface ComparedSide {
  readonly side: Side;
  readonly table: string;
  /** Which of its rows are compared; `true`: all. */
  readonly meant: string;
  /** Expressions whose text is equal on both sides for equal values; keys first. */
  readonly keys: readonly string[];
  readonly values: readonly string[];
  /** Bare key columns with their types, for conditions that an index serves. */
  readonly keyColumns: readonly { readonly column: string; readonly type: string }[];
}

/** One service table against the columns of the monolith's table that it holds. */
export interface Comparison {
  readonly table: CompiledTable;
  readonly part: CompiledPart;
  readonly first: boolean;
  readonly keyLinks: readonly ColumnLink[];
  readonly valueLinks: readonly ColumnLink[];
  readonly monolith: ComparedSide;
  readonly service: ComparedSide;
}

/** The side whose text both show: the service's, but where its column holds more than the value. */
const shownBy = ({ field }: Conversion): Side => (field ? otherSide(field.side) : 'service');

const isCharacter = (type: string): boolean => /^character(\(|$)/.test(type);

function normalised(side: Side, link: ColumnLink): string {
  const column = quoteIdentifier(columnOn(link, side));
  // what is converted has no common type: one side's own text is what both show
  if (link.conversion !== null)
    return side === shownBy(link.conversion)
      ? outputText(column)
      : convertedText(column, link.conversion[side === 'monolith' ? 'forward' : 'backward']);
  if (link.fromType === link.toType) return `${column}::text`;
  const wide = `CAST(${outputText(column)} AS ${link.compareType})`;
  // 12.5 and 12.50, or 'ab' and 'ab   ', differ only because one of the two types writes them so.
  if (link.compareType === 'numeric') return `trim_scale(${wide})::text`;
  if (isCharacter(link.fromType) || isCharacter(link.toType)) return `rtrim(${wide}::text, ' ')`;
  return `${wide}::text`;
}

/** Beside the values of a row that may be nobody's: whether it is one of the mapping's own. */
const ownKind = ({ where }: SharedTable, side: Side): string =>
  side === 'monolith' ? `'true'` : `coalesce((${conditionSql(where)})::text, 'false')`;

export function compareParts(table: CompiledTable): Comparison[] {
  return table.parts.map((part, index) => {
    const keyLinks = table.key.map((name, position) => {
      const link = part.columns.find(
        (candidate) => candidate.from === name && candidate.to === part.key[position],
      );
      if (!link) throw new RangeError(`${part.line}: key column ${name} is not mapped`);
      return link;
    });
    const valueLinks = part.columns.filter((link) => !keyLinks.includes(link));
    const view = (side: Side): ComparedSide => ({
      side,
      table: quoteTable({ monolith: table.monolith, service: part.service }[side]),
      meant: {
        monolith: conditionSql(table.where ?? {}) || 'true',
        service: sharedSql(part.shared),
      }[side],
      keys: keyLinks.map((link) => normalised(side, link)),
      values: [
        ...valueLinks.map((link) => normalised(side, link)),
        ...(part.shared?.others ? [ownKind(part.shared, side)] : []),
      ],
      keyColumns: keyLinks.map((link) => ({
        column: quoteIdentifier(columnOn(link, side)),
        type: { monolith: link.fromType, service: link.toType }[side],
      })),
    });
    return {
      table,
      part,
      first: index === 0,
      keyLinks,
      valueLinks,
      monolith: view('monolith'),
      service: view('service'),
    };
  });
}

/** A key in shared terms → as the side's own column writes it; null when the side cannot have such a row. */
export function keyOnSide(
  { keyLinks }: Comparison,
  side: Side,
  key: readonly string[],
): readonly string[] | null {
  const own: string[] = [];
  for (const [index, shared] of key.entries()) {
    const value = onSide(keyLinks[index]?.conversion ?? null, side, shared);
    if (value === null) return null;
    own.push(value);
  }
  return own;
}

function onSide(conversion: Conversion | null, side: Side, shared: string): string | null {
  if (conversion === null) return shared;
  const inexact = shared.startsWith(inexactMark);
  if (side === 'service') return inexact ? null : shared;
  return inexact ? shared.slice(inexactMark.length) : (conversion.backward.text?.(shared) ?? null);
}

/** A key in shared terms as people read it: as the monolith writes it, if it can have such a row. */
export const shownKey = (comparison: Comparison, key: readonly string[]): readonly string[] =>
  keyOnSide(comparison, 'monolith', key) ?? key;

/** A key as the monolith writes it → in shared terms. */
export const sharedKey = ({ keyLinks }: Comparison, key: readonly string[]): string[] =>
  key.map((value, index) => {
    const conversion = keyLinks[index]?.conversion ?? null;
    return conversion === null
      ? value
      : (conversion.forward.text?.(value) ?? `${inexactMark}${value}`);
  });

const ordered = new Set([
  'smallint',
  'integer',
  'bigint',
  'numeric',
  'uuid',
  'date',
  'timestamp without time zone',
  'timestamp with time zone',
]);

/** Whether both sides sort the key alike, whatever their collations: only then are key ranges the same rows on both. */
export const hasSharedOrder = (comparison: Comparison): boolean =>
  comparison.keyLinks.every(
    (link) =>
      link.conversion === null &&
      ordered.has(link.fromType.replace(/\([^)]*\)/, '')) &&
      ordered.has(link.toType.replace(/\([^)]*\)/, '')) &&
      (link.fromType === link.toType || ordered.has(link.compareType)),
  );
