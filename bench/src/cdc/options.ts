import { parseArgs } from 'node:util';

export const parts = ['copy', 'stream', 'kafka', 'latency', 'memory'] as const;
export type Part = (typeof parts)[number];

export interface CdcOptions {
  readonly parts: readonly Part[];
  readonly rounds: number;
  readonly rows: number;
  readonly seconds: number;
  readonly events: number;
  readonly transactionRows: number;
  readonly json: boolean;
}

export const usage = `npm run bench -- cdc [--rounds N] [--rows N] [--quick] [--json]

Our worker (the strangler command line in a process of its own) beside PostgreSQL's own logical replication between the
same two databases, and beside Debezium's JDBC sink connector on the same changes: in turn, round by round, in one run.

  copy      initial copy, beside a subscription's
  stream    what waits in the monolith's log (inserts, one-row updates, mixed), beside a subscription
  kafka     what waits in Kafka, beside the JDBC sink (needs Java 17 and Maven)
  latency   from the answer to COMMIT until a reader of the target sees the row, at 1,000 updates a second
  memory    resident memory of the worker over many events and over one large transaction

  --only PART[,PART]     these parts only (${parts.join(', ')})
  --rounds N             rounds per pair (default 5)
  --rows N               rows per table, and changes per round and kind (default 200000)
  --seconds N            length of the latency measurement (default 20)
  --events N             events of the memory measurement (default 10000000)
  --transaction-rows N   rows of its one transaction (default 1000000)
  --quick                a look, not a measurement: 1 round, 20000 rows, 5 s, 200000 events, 100000 rows
  --json                 print one JSON object at the end

Ratios are medians of the ratios within each round; 1 is as fast as the other. Progress goes to stderr.

Examples:
  $ npm run bench -- cdc --quick
  $ npm run bench -- cdc --only copy,stream --rounds 3
  $ npm run bench -- cdc --rounds 7 --json > performance.json`;

/** `null` when help was asked for. @throws TypeError about what is wrong with the arguments */
export function parseCdcOptions(args: readonly string[]): CdcOptions | null {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: text,
      rounds: text,
      rows: text,
      seconds: text,
      events: text,
      'transaction-rows': text,
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const count = (
    name: 'rounds' | 'rows' | 'seconds' | 'events' | 'transaction-rows',
    usual: number,
    quick: number,
    least: number,
  ): number => {
    const value =
      values[name] === undefined ? (values.quick ? quick : usual) : Number(values[name]);
    if (!Number.isInteger(value) || value < least)
      throw wrong(`--${name} must be a whole number of at least ${least}`);
    return value;
  };
  const wanted = values.only?.split(',') ?? parts;
  for (const part of wanted)
    if (!isPart(part))
      throw wrong(`--only: there is no part ${part}; the parts are ${parts.join(', ')}`);
  return {
    parts: wanted.filter(isPart),
    rounds: count('rounds', 5, 1, 1),
    rows: count('rows', 200_000, 20_000, 10_000),
    seconds: count('seconds', 20, 5, 1),
    events: count('events', 10_000_000, 200_000, 50_000),
    transactionRows: count('transaction-rows', 1_000_000, 100_000, 1),
    json: values.json,
  };
}

const isPart = (text: string): text is Part => parts.some((part) => part === text);
const wrong = (message: string): TypeError =>
  Object.assign(new TypeError(message), { code: 'ERR_PARSE_ARGS_VALUE' });
