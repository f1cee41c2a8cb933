import type { ErrorCode } from '@strangler-toolkit/plan';
import type { ColumnCatalog } from '../database/catalog.ts';
import type { FindingKind } from '../findings/kinds.ts';
import { sameDefinition } from '../database/collation.ts';
import { parseType } from './type-compatibility.ts';

export interface ColumnPair {
  readonly monolith: ColumnCatalog;
  readonly service: ColumnCatalog;
  readonly values: Readonly<Record<string, string>> | undefined;
  readonly zone: string | undefined;
  /** Whether a conversion of its own carries the values. */
  readonly converted?: boolean;
}

export interface Misunderstanding {
  readonly kind: FindingKind;
  readonly code: ErrorCode;
  readonly problem: string;
  readonly remedy: string;
}

/** Numbers and names of things that one database alone has: another one's are different, or are not there. */
const references = new Set([
  'oid',
  'lo',
  'regclass',
  'regcollation',
  'regconfig',
  'regdictionary',
  'regnamespace',
  'regoper',
  'regoperator',
  'regproc',
  'regprocedure',
  'regrole',
  'regtype',
  'pg_lsn',
  'xid',
  'xid8',
  'cid',
  'tid',
  'pg_snapshot',
  'txid_snapshot',
]);

const lastName = (type: string): string => type.slice(type.lastIndexOf('.') + 1);
const baseOf = (column: ColumnCatalog): string => parseType(column.baseType ?? column.type).base;
const texts = new Set(['text', 'character varying']);

/** Why two columns that can carry each other's text would still not mean the same by it; null when they do. Pure. */
export function differentMeaning(pair: ColumnPair): Misunderstanding | null {
  const refuse = (
    kind: FindingKind,
    problem: string,
    remedy: string,
    code: ErrorCode = 'CONFIG_INVALID',
  ): Misunderstanding => ({
    kind,
    code,
    problem,
    remedy,
  });
  const ends = [pair.monolith, pair.service];
  for (const column of ends) {
    const type = [lastName(parseType(column.type).base), lastName(baseOf(column))].find((name) =>
      references.has(name),
    );
    if (type !== undefined)
      return refuse(
        'foreign reference',
        type === 'oid' || type === 'lo'
          ? `${type} names a large object or another thing of its own database: the number would travel, the thing would not`
          : `${type} names something of its own database, which the other one does not have`,
        'Leave the column out of the mapping (large objects: move them into bytea first); a plain number belongs into bigint.',
        'TYPE_UNSUPPORTED',
      );
  }
  const [monolith, service] = [baseOf(pair.monolith), baseOf(pair.service)];
  const zoned = [monolith, service].filter((base) => base === 'timestamp with time zone').length;
  const unzoned = [monolith, service].filter(
    (base) => base === 'timestamp without time zone',
  ).length;
  if (pair.converted === true) return otherEquality(pair, refuse);
  if (zoned === 1 && unzoned === 1 && pair.zone === undefined)
    return refuse(
      'time zone',
      'nothing tells in which zone the one without zone is written',
      "Say it in the mapping, { to: '…', zone: 'UTC' }, if it is UTC; else give both columns the same type.",
    );
  if (pair.zone !== undefined && !(zoned === 1 && unzoned === 1))
    return refuse(
      'time zone',
      'a zone is only of use between timestamp and timestamptz',
      'Remove the zone.',
    );
  if (pair.values !== undefined) return null;
  return (
    paddedText(pair, refuse) ??
    lostDigits(pair, refuse) ??
    otherEquality(pair, refuse) ??
    otherLabels(pair, refuse)
  );
}

type Refuse = (kind: FindingKind, problem: string, remedy: string) => Misunderstanding;

function paddedText({ monolith, service }: ColumnPair, refuse: Refuse): Misunderstanding | null {
  const padded = [monolith, service].filter((column) => {
    const { base, modifier } = parseType(column.baseType ?? column.type);
    return base === 'character' && modifier !== null && modifier !== '1';
  });
  return padded.length === 1 && [monolith, service].some((column) => texts.has(baseOf(column)))
    ? refuse(
        'padded text',
        'character(n) is filled with blanks that count in a text and do not count in itself',
        'Give both columns the same type.',
      )
    : null;
}

/** Digits after the point, or of a second, that a column keeps; null: all. */
function digitsKept(column: ColumnCatalog): number | null | undefined {
  const { base, modifier } = parseType(column.baseType ?? column.type);
  if (base === 'numeric') return modifier === null ? null : Number(modifier.split(',')[1] ?? 0);
  if (base.startsWith('time')) return modifier === null ? 6 : Number(modifier);
  return undefined;
}

function lostDigits({ monolith, service }: ColumnPair, refuse: Refuse): Misunderstanding | null {
  const [here, there] = [digitsKept(monolith), digitsKept(service)];
  if (here === undefined || there === undefined || here === there) return null;
  return refuse(
    'lost digits',
    'one keeps more digits than the other, which would round in silence',
    'Give both columns the same number of digits.',
  );
}

const isLoose = (column: ColumnCatalog): boolean =>
  column.deterministic === false || lastName(baseOf(column)) === 'citext';

function otherEquality({ monolith, service }: ColumnPair, refuse: Refuse): Misunderstanding | null {
  return isLoose(monolith) === isLoose(service)
    ? null
    : refuse(
        'equality',
        'one of them takes texts for equal that the other tells apart (citext, or a nondeterministic collation)',
        'Give both columns the same type and collation.',
      );
}

/**
 * Whether both take texts for equal that differ, and not the same ones. A question, no refusal: often it is the databases' own
 * locale, which nobody can change, and a context that runs must be able to go back.
 */
export function equalOtherTexts(one: ColumnCatalog, other: ColumnCatalog): boolean {
  if (!isLoose(one) || !isLoose(other)) return false;
  if ((one.deterministic === false) !== (other.deterministic === false)) return true;
  const [here, there] = [one.collation, other.collation];
  if (here === undefined || there === undefined) return false;
  return one.deterministic === false
    ? !sameDefinition(here, there)
    : here.folding !== there.folding;
}

/** An enum itself, and no domain or array of one. */
const isEnum = ({ enumLabels, baseType, type }: ColumnCatalog): boolean =>
  enumLabels !== null && baseType === undefined && !type.endsWith(']');

function otherLabels({ monolith, service }: ColumnPair, refuse: Refuse): Misunderstanding | null {
  const [here, there] = [monolith.enumLabels, service.enumLabels];
  // of the others' labels `values` of the context file decides
  if (!here || !there || !isEnum(monolith) || !isEnum(service)) return null;
  const missing = [
    ...here
      .filter((label) => !there.includes(label))
      .map((label) => `the service lacks '${label}'`),
    ...there
      .filter((label) => !here.includes(label))
      .map((label) => `the monolith lacks '${label}'`),
  ];
  return missing.length > 0
    ? refuse(
        'enum labels',
        missing.join(', '),
        'Add the labels (ALTER TYPE … ADD VALUE), or map them with values.',
      )
    : null;
}
