import type { BySide, ErrorCode, Side } from '@strangler-toolkit/plan';

/** One direction of a conversion: as a function for the stream, and as SQL where a server does the work. Both say the same. */
export interface Way {
  /** Null: the value has no exact way back. */
  readonly text: (value: string) => string | null;
  /** Whether a column's value (not NULL) has an exact way back; null: every value has. */
  readonly exact: ((column: string) => string) | null;
  readonly sql: (column: string) => string;
  /** Type of what the SQL gives. */
  readonly type: string;
  /** What is wrong with a value that is refused. */
  readonly problem: string;
}

/** As `Way`. Where no function says it, the statement that writes the value does, which a server carries out. */
export type AnyWay = Omit<Way, 'text'> & {
  readonly text: Way['text'] | null;
  /** The SQL may give NULL of what is not. */
  readonly mayBeNull?: true;
};

/** What becomes of a mapped column's values on their way, and back. NULL stays NULL. */
export interface Conversion<W extends AnyWay = AnyWay> {
  /** What evidence rests on: the context file's own words. */
  readonly identity: string;
  readonly forward: W & Refusal;
  readonly backward: W & Refusal;
  /** Whether it also fits columns of these types. */
  readonly takes: (types: BySide<string>) => boolean;
  /** One side's value is a field of the other side's JSON column. */
  readonly field?: FieldOfJson;
  /** What the databases have to understand first. */
  readonly functions?: readonly ValueFunction[];
}

export interface FieldOfJson {
  /** Whose column holds the JSON. */
  readonly side: Side;
  readonly path: readonly string[];
  /** The column's value from the field alone, as SQL. */
  readonly read: (field: string) => string;
}

/** SQL of the context file over a value of one type, that gives one of another. */
export interface ValueFunction {
  /** Of the context file. */
  readonly line: string;
  readonly expression: string;
  readonly takes: string;
  readonly gives: string;
}

/** Why a value does not pass: line of the context file and column before the value, the reason after it. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly before: string;
  readonly after: string;
}

export const refusalText = ({ before, after }: Refusal, value: string): string =>
  `${before}'${value}'${after}`;

/** The text that the stream would carry of a value that is not NULL, compared byte by byte. */
export const exactText = (column: string): string => `format('%s', ${column}) COLLATE "C"`;
