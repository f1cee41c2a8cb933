import type { Direction } from '@strangler-toolkit/plan';
import {
  type CompiledList,
  type CompiledMapping,
  tableName,
  termOf,
} from '../mapping/compiled-mapping.ts';

/** A mapped column. `version` changes with every ALTER of it, `number` when it was dropped and made again under its old name. */
export interface ColumnIdentity {
  readonly name: string;
  readonly number: number;
  readonly type: string;
  readonly version: string;
  /** `oid:label` of an enum's values, null for other types. */
  readonly labels: readonly string[] | null;
}

/** A partition that holds rows. */
export interface LeafIdentity {
  readonly name: string;
  readonly oid: string;
  /** Where its rows lie; made anew by TRUNCATE, VACUUM FULL, CLUSTER and every rewrite. */
  readonly file: string;
  /** Changes when it was detached and attached again, or got other bounds. */
  readonly attached: string;
}

export interface TableIdentity {
  readonly name: string;
  readonly oid: string;
  /** As `LeafIdentity.file`; `0` for a partitioned table, whose rows lie in its leaves. */
  readonly file: string;
  readonly replicaIdentity: string;
  readonly columns: readonly ColumnIdentity[];
  readonly leaves: readonly LeafIdentity[];
}

interface PublishedTable {
  readonly name: string;
  /** Changes when it left the publication and came back, or got another row filter or column list. */
  readonly membership: string;
  readonly filter: string | null;
  readonly columns: string | null;
}

export interface PublicationIdentity {
  readonly name: string;
  readonly oid: string;
  readonly version: string;
  /** `insert, update, delete, truncate, via root`: those that it publishes. */
  readonly actions: string;
  /** Mapped tables only. */
  readonly tables: readonly PublishedTable[];
}

interface MappedPart {
  readonly service: string;
  /** Monolith column → service column and, where they are translated, the values. */
  readonly links: Readonly<Record<string, string>>;
  readonly constants: string;
  /** Absent: all rows of the table are of this mapping. */
  readonly kind?: string;
  /** Absent: no array holds the rows as well. */
  readonly list?: string;
}

export interface MappedTable {
  readonly monolith: string;
  readonly key: readonly string[];
  /** Absent: all rows are meant. */
  readonly where?: string;
  readonly onReturn: string;
  readonly parts: readonly MappedPart[];
}

/** Another program that reads the source's log for us, and which of its sessions: it may leave rows out where it begins anew. */
export interface CarrierIdentity {
  readonly name: string;
  /** Null: it does not read. */
  readonly session: string | null;
}

/** That nobody but replication writes to the rows. */
export interface FenceIdentity {
  /** How often somebody was found to have opened it. */
  readonly opened: number;
  /** The last time, one line for each table. */
  readonly noticed: readonly string[];
  /** Mapped tables that nothing fences now. */
  readonly open: readonly string[];
}

/**
 * What rows and statements about them rest on: the tables of both sides as the catalog knows them, who publishes them, and
 * how the one becomes the other. Plain data: it is stored beside what rests on it and compared with what is there later.
 */
export interface Identity {
  readonly direction: Direction;
  readonly monolith: readonly TableIdentity[];
  readonly service: readonly TableIdentity[];
  /** Of the direction's source; null when it does not exist. */
  readonly publication: PublicationIdentity | null;
  readonly mapping: readonly MappedTable[];
  /** Not there where the worker reads the log itself, and goes on exactly where it was. */
  readonly carrier?: CarrierIdentity;
  /** Of the direction's target; not there where no fence of this release was set. */
  readonly fence?: FenceIdentity;
  /** Only as stored: tables that `mapping` lacks and that are being read, so the rows that lie there are replicated ones. */
  readonly coming?: readonly string[];
}

type Mapped = Pick<MappedTable, 'monolith' | 'parts'>;

/** What a mapping is known by: the monolith's table, and the first of the service's where the table has several mappings. */
export const mappedName = ({ monolith, parts }: Mapped, among: readonly Mapped[]): string =>
  among.filter((one) => one.monolith === monolith).length > 1
    ? `${monolith} to ${parts[0]?.service ?? ''}`
    : monolith;

/** The same mapping at another time; undefined: there was none. */
export function counterpart<T extends Mapped>(
  table: Mapped,
  own: readonly Mapped[],
  others: readonly T[],
): T | undefined {
  const same = others.filter(({ monolith }) => monolith === table.monolith);
  const alone = own.filter(({ monolith }) => monolith === table.monolith).length === 1;
  return alone && same.length === 1
    ? same[0]
    : same.find(({ parts }) => parts[0]?.service === table.parts[0]?.service);
}

/** The part of an identity that comes from the context file. */
export const mappingIdentity = ({ tables }: Pick<CompiledMapping, 'tables'>): MappedTable[] =>
  tables.map((table) => ({
    monolith: tableName(table.monolith),
    key: table.key,
    ...(table.where && { where: sortedJson(table.where) }),
    onReturn: sortedJson(table.leave),
    parts: table.parts.map((part) => ({
      service: tableName(part.service),
      links: Object.fromEntries(
        part.columns.map((link) => [
          termOf(link),
          link.conversion === null ? link.to : `${link.to} ${link.conversion.identity}`,
        ]),
      ),
      constants: sortedJson(part.constants),
      ...(part.shared && { kind: sortedJson(part.shared.where) }),
      ...(part.list && { list: listIdentity(part.list) }),
    })),
  }));

const listIdentity = ({ parent, column, key, position, value }: CompiledList): string =>
  [tableName(parent), column, sortedJson(Object.fromEntries(key)), position, value].join(' ');

const sortedJson = (record: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(Object.entries(record).sort(([left], [right]) => (left < right ? -1 : 1)));
