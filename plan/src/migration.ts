import type {
  FilesDecision,
  ForeignKeyDecision,
  SequenceMapping,
  TableMapping,
  TriggerDecision,
} from './table-mapping.ts';

export type * from './table-mapping.ts';

/**
 * The shape of a context file. Plain data, so that the facade, the CLI and an editor read the same thing.
 * A value that differs between environments is `env('NAME')`, looked up when it is used and never stored.
 */
export interface EnvReference {
  readonly env: string;
  readonly default?: string;
}
export type Setting = string | EnvReference;

/** Refers to an environment variable; `fallback` serves when it is not set. */
export const env = (name: string, fallback?: string): EnvReference =>
  fallback === undefined ? { env: name } : { env: name, default: fallback };

/**
 * `none`: stateless. `shared`: the service still uses the monolith's database. `replicated`: a database of its own. `reference`:
 * tables that the service reads and the monolith goes on owning, kept alike in the service's database, never cut over.
 * `projection`: a read model, whose tables are filled from others' and which only answers reads; never cut over.
 */
export type DataKind = 'none' | 'shared' | 'replicated' | 'reference' | 'projection';
export type Side = 'monolith' | 'service';
/** The methods that Node's HTTP parser knows, but CONNECT. */
export const httpMethods = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'QUERY',
  'SEARCH',
  'COPY',
  'LOCK',
  'MKCOL',
  'MOVE',
  'PROPFIND',
  'PROPPATCH',
  'UNLOCK',
  'REPORT',
  'ACL',
  'BIND',
  'REBIND',
  'UNBIND',
  'CHECKOUT',
  'MERGE',
  'MKACTIVITY',
  'MKCALENDAR',
  'LINK',
  'UNLINK',
  'M-SEARCH',
  'NOTIFY',
  'SUBSCRIBE',
  'UNSUBSCRIBE',
  'PURGE',
  'SOURCE',
] as const;
export type HttpMethod = (typeof httpMethods)[number];

/** A part of a text body (a page, no JSON) that is another one each time; blanked on both sides before they are compared. */
export type Mask = { readonly reason: string } & (
  | {
      /**
       * `csrf`: tokens in forms, meta tags and scripts. `nonce`: attributes of that name. `build`: hashes in addresses of scripts
       * and styles. `time`: times of day, ISO and HTTP dates, seconds since 1970.
       */
      readonly preset: 'csrf' | 'nonce' | 'build' | 'time';
    }
  /** A regular expression. */
  | { readonly pattern: string }
  /** One element: `tag#id.class[name=value]` blanks what is inside, `…@attribute` the value of that attribute. */
  | { readonly selector: string }
);

export interface RouteDefinition {
  /** Unique in the context; the flag is `<context>.<name>`. */
  readonly name: string;
  /** `ANY`: every method that no other route of the same path names. A GET route also serves HEAD. */
  readonly method: HttpMethod | 'ANY';
  /** Canonical path with parameters, `/api/products/:id`, or a prefix: `/api/catalog/**` is that path and all below it. */
  readonly path: string;
  /** Only requests that have all of this. Of routes of one path and method, those that ask for more come first. */
  readonly when?: {
    /** One of these names in the Host header, without its port. */
    readonly host?: string | readonly string[];
    /** By name, the whole value or a list of which one counts; capitals count. */
    readonly headers?: Readonly<Record<string, string | readonly string[]>>;
    /** By name of the query parameter, the whole value or a list of which one counts; capitals count. */
    readonly query?: Readonly<Record<string, string | readonly string[]>>;
  };
  /**
   * Only GraphQL operations of which it names what they ask for; the method is POST then, and what comes by GET with `query=` is
   * looked at too. A query is a read, a mutation a write.
   */
  readonly graphql?: {
    /** Root fields, by their own names and not by an alias. */
    readonly fields?: readonly string[];
    /** Names of operations. Alone it claims all root fields of theirs that no other context claims. */
    readonly operations?: readonly string[];
    /** What kind of operation (default: `query` of a read, `mutation` of a write). A `subscription` goes to the owner. */
    readonly type?: 'query' | 'mutation' | 'subscription';
  };
  /** Flags send reads to either side; writes follow the owner of the data. A read may have any method. */
  readonly kind: 'read' | 'write';
  /** How the two answers of a mirrored read are compared. */
  readonly compare?: {
    /**
     * What may differ, each with the reason why: JSON pointers with `*` for any index or key, `header:<name>`,
     * `header:set-cookie/<cookie>`, `header:content-type/charset`.
     */
    readonly ignore?: readonly {
      /** What may differ. */
      readonly path: string;
      readonly reason: string;
    }[];
    /** Arrays (JSON pointers) whose order does not matter. */
    readonly unordered?: readonly string[];
    /**
     * JSON pointers and `header:<name>` whose values samples may hold (default: none; `''` is the whole body). Of all others they
     * hold kind, size and a fingerprint; tokens, e-mail addresses and long numbers they never hold.
     */
    readonly show?: readonly string[];
    /** JSON pointers whose values are never stored in samples, not even where `show` includes them. */
    readonly redact?: readonly string[];
    /**
     * Response headers to compare besides those that always are: content-type, location, cache-control, content-disposition,
     * www-authenticate, vary, names and attributes of cookies.
     */
    readonly headers?: readonly string[];
    /** Parts of pages that are others each time. */
    readonly masks?: readonly Mask[];
    /** `value`: 1 and 1.0 are the same number; `text`: they differ (default: value). No digit is ever rounded away. */
    readonly numbers?: 'value' | 'text';
  };
  /**
   * Of a write: an answer of 4xx pins its writer as well, because it may have counted an attempt or written a trail (default
   * true). False where it never changes anything that a read shows.
   */
  readonly pinRefused?: boolean;
  /** Largest time the facade waits for an answer, milliseconds (default 30000; streams and upgrades are exempt). */
  readonly timeoutMs?: number;
  /** Of a read: the context's `rampCeiling`, for this route alone (default: no ceiling). */
  readonly rampCeiling?: number;
}

/** How one side enters provider states, where it has no endpoint for them. */
export type StateSetting =
  /** Pact's "provider state change URL": POST { state, params, action }. */
  | { readonly url: Setting }
  /** A shell command: PACT_STATE names the state, its parameters are JSON on stdin; JSON on stdout is what it made. */
  | { readonly command: string }
  /** One statement per state; `:name` stands for a parameter. */
  | {
      readonly sql: Readonly<Record<string, string>>;
      /** Where these statements run (default: the side's database). */
      readonly database?: Setting;
    }
  /** Nothing to do, with the reason: the data of every state is there already. */
  | { readonly present: string };

/** Where messages of one side are seen when their pacts are verified. */
export type MessageSetting =
  /** `outbox`: rows of its table `outbox`. `changes`: what its log tells of the context's tables, as the change stream carries it. */
  | {
      readonly from: 'outbox' | 'changes';
      /** Where they are seen (default: the side's database). */
      readonly database?: Setting;
    }
  /** Whatever carries them, asked by POST: `{ action: 'watch' }` before the provider state, `{ action: 'newest', type }` after it. */
  | { readonly url: Setting };

export interface ContractSettings {
  /** Folder of pact files, relative to where commands run. */
  readonly pacts: string;
  /** The provider's name in the pacts. */
  readonly provider: string;
  /**
   * Instances to verify, with databases of their own: interactions and provider states write. Without it the live sides
   * are verified, which only suits pacts that read.
   */
  readonly url?: { readonly monolith?: Setting; readonly service?: Setting };
  /** Where provider states are entered (Pact: "provider state change URL"); short for `states.<side>.url`. */
  readonly stateUrl?: { readonly monolith?: Setting; readonly service?: Setting };
  /** How provider states are entered where there is no such URL. An interaction whose state was not entered is not verified. */
  readonly states?: { readonly monolith?: StateSetting; readonly service?: StateSetting };
  /** By the provider that message pacts name: which side publishes them, and where. It may be `provider` itself. */
  readonly messages?: Readonly<
    Record<string, { readonly monolith?: MessageSetting; readonly service?: MessageSetting }>
  >;
  /** Further instances that must keep the same pacts, by name: the facade, a canary. */
  readonly providers?: Readonly<
    Record<
      string,
      {
        /** Where it answers. */
        readonly url: Setting;
        /** How its provider states are entered. */
        readonly states?: StateSetting;
      }
    >
  >;
}

export interface GateSettings {
  /** Largest lag for shadowing and cutover, seconds (default 5). */
  readonly maxLagSeconds?: number;
  /** Compared shadow reads that each read route needs before canary (default 1000). */
  readonly minShadowReads?: number;
  /** Largest share of real mismatches, percent (default 0.1). */
  readonly maxMismatchPercent?: number;
  /** Verification older than this does not count for a cutover, seconds (default 3600). */
  readonly verificationMaxAgeSeconds?: number;
  /** Requests per side that a ramp step needs before it is judged (default 100). */
  readonly rampMinRequests?: number;
  /** Error rate of the service may exceed the monolith's by this, percentage points (default 0.5). */
  readonly rampMaxErrorExcessPercent?: number;
  /** Share of requests that the service refuses (4xx) may exceed the monolith's by this, percentage points (default 5). */
  readonly rampMaxRefusedExcessPercent?: number;
  /** p99 of the service may be this many times the monolith's (default 2). */
  readonly rampMaxLatencyRatio?: number;
  /** The service's writes are watched that long after a cutover, seconds, which goes back when they are worse (default 0: not). */
  readonly watchSeconds?: number;
  /** Days the service must have owned the data before retire (default 14). */
  readonly retireAfterDays?: number;
  /** Pacts must be verified on both sides before canary, and of what runs then before a higher share and a cutover (default true). */
  readonly pacts?: boolean;
}

export interface CutoverSettings {
  /** Longest time writes are held, milliseconds (default 10000); then the step is abandoned. */
  readonly holdTimeoutMs?: number;
  /** Longest wait for running transactions per fence attempt, milliseconds (default 1000). */
  readonly fenceLockTimeoutMs?: number;
  /** Times that the fence is tried before the step is abandoned (default 5). */
  readonly fenceAttempts?: number;
  /** Longest wait for the worker to reach the stop position, milliseconds (default 5000). */
  readonly catchUpTimeoutMs?: number;
  /** Added to sequences at the target (default 1000). */
  readonly sequenceGap?: number;
}

export interface ReplicationSettings {
  /** How changes travel: `embedded` or `kafka` (default: the variable STRANGLER_TRANSPORT, else embedded). */
  readonly transport?: Setting;
  /** Partitions of each table's topic (default 3). Fixed when replication begins. */
  readonly partitions?: number;
  /** How long topics keep changes (default 168): the longest time that a worker may be away. */
  readonly retentionHours?: number;
  /** Further settings of the Debezium connector, e.g. `max.batch.size`. Those that correctness hangs on are the toolkit's. */
  readonly connect?: Readonly<Record<string, string>>;
  /**
   * URLs under which Kafka Connect reaches the databases, where they differ from ours. The password may be a reference of a
   * Connect config provider: `postgresql://shop:${file:/run/secrets/shop:password}@db/shop`. A variable that is
   * not set means: no difference.
   */
  readonly databaseForConnect?: { readonly monolith?: Setting; readonly service?: Setting };
}

export interface SideSettings {
  /** Where it answers, `http://…` or `https://…`. */
  readonly url: Setting;
  /** Its database, `postgresql://…`; needed for `replicated`, `reference` and `projection`. */
  readonly database?: Setting;
  /**
   * URL of the server itself, where `database` is a pooler's. All of ours goes there: replication, snapshots, fences and locks
   * need a session that stays. A variable that is not set means: no difference.
   */
  readonly databaseDirect?: Setting;
  /** Further addresses where it answers, of instances that serve alike: facades share requests out between them and `url`. */
  readonly instances?: readonly Setting[];
  /**
   * Requests that each facade sends to its address at a time (default: FACADE_UPSTREAM_CONNECTIONS); more wait, and then get 503.
   * Of several contexts at one address the smallest number holds.
   */
  readonly maxRequests?: number;
  /** Path that answers below 400 while the side is well (default: the first of /health/ready, /health, /healthz that it knows). */
  readonly health?: string;
  /**
   * Path whose answer names the build that runs, e.g. `/version`: any text up to 64 kB that stays the same until the next
   * deployment. Pacts and compared reads of another build are void then; without it no evidence is about a build.
   */
  readonly buildPath?: string;
}

export interface MigrationDefinition {
  /** Lower-case name, also the prefix of flags, slots and publications. */
  readonly context: string;
  readonly data: DataKind;
  /** Where the monolith is. */
  readonly monolith: SideSettings;
  /** Where the service is. */
  readonly service: SideSettings;
  /**
   * Who a request belongs to: `header:authorization`, `cookie:sid`, `query:user`; `claim:sub@header:authorization`, a claim of a
   * JSON web token that header, cookie or query carries (not verified); `answer:x-user-id`, a header with which answers name
   * the user. Percentages stick to the first that a request has; a write pins all of them, and those that its answer sets.
   */
  readonly identity?: readonly string[];
  /** The requests of this context; all others go to the monolith. */
  readonly routes: readonly RouteDefinition[];
  /**
   * Reads that flags may send to the service in any second, through each facade (default: no ceiling); the others have the owner,
   * or the monolith where no data moves. Never of writes, nor of what the service owns.
   */
  readonly rampCeiling?: number;
  /**
   * Only for `replicated` and `projection`: reads of an owner that is dead are answered by the other side while it is at
   * most so many seconds behind and lacks no write of the reader (default 5; 0: never).
   */
  readonly standInSeconds?: number;
  /** Only for `replicated`: why no route is a write, where that is so. Else they are taken for forgotten, and a cutover is refused. */
  readonly noWriteRoutes?: string;
  /** Names of contexts with data `reference` whose tables this one's service reads: they must be alike before it goes on. */
  readonly reads?: readonly string[];
  /** Only for `replicated`, `reference` and `projection`, which need it: the tables that are copied and kept alike. */
  readonly tables?: readonly TableMapping[];
  readonly sequences?: readonly SequenceMapping[];
  /** By side and `table.constraint`: foreign keys of which only one end is mapped. */
  readonly foreignKeys?: Readonly<
    Partial<Record<Side, Readonly<Record<string, ForeignKeyDecision>>>>
  >;
  /** By side and `table.trigger`: triggers on mapped tables. */
  readonly triggers?: Readonly<Partial<Record<Side, Readonly<Record<string, TriggerDecision>>>>>;
  /**
   * By side and table outside of the context: why it may be written in a transaction of its own, where today one transaction
   * writes it together with mapped tables.
   */
  readonly writtenTogether?: Readonly<
    Partial<Record<Side, Readonly<Record<string, { readonly reason: string }>>>>
  >;
  /**
   * By side and mapped table: why what a subscription of PostgreSQL's own replication writes there does no harm, though it passes
   * the fence and is not sent to the other side.
   */
  readonly subscriptions?: Readonly<
    Partial<Record<Side, Readonly<Record<string, { readonly reason: string }>>>>
  >;
  /** By the monolith's `table.column`: why values that only one side takes (labels of an enum, a domain's CHECK) do no harm. */
  readonly values?: Readonly<Record<string, { readonly reason: string }>>;
  /**
   * By side and `table.constraint`, or `table.column` of NOT NULL: why no row comes that breaks a NOT NULL, CHECK, UNIQUE (also
   * a unique index) or EXCLUDE which the other side does not have.
   */
  readonly constraints?: Readonly<
    Partial<Record<Side, Readonly<Record<string, { readonly reason: string }>>>>
  >;
  /** Why it does no harm that the two databases sort the same texts differently. */
  readonly sorting?: { readonly reason: string };
  /** By the monolith's `table.column`: what becomes of files whose paths a mapped column holds. */
  readonly files?: Readonly<Record<string, FilesDecision>>;
  /** The pacts that both sides must keep. */
  readonly contracts?: ContractSettings;
  /** What must be true before a stage is entered. */
  readonly gates?: GateSettings;
  /** Bounds of a change of owner. */
  readonly cutover?: CutoverSettings;
  /** Only for `replicated`, `reference` and `projection`: how changes travel. */
  readonly replication?: ReplicationSettings;
}

/**
 * Types a context file, so that an editor completes it. Validation happens when it is loaded.
 *
 * @example
 * ```ts
 * import { defineMigration, env } from '@strangler-toolkit/plan';
 *
 * export default defineMigration({
 *   context: 'shipping-rates',
 *   data: 'none',
 *   monolith: { url: env('MONOLITH_URL') },
 *   service: { url: env('RATES_URL', 'http://127.0.0.1:4020') },
 *   routes: [{ name: 'quote', method: 'POST', path: '/shipping/quotes', kind: 'read' }],
 * });
 * ```
 */
export const defineMigration = (definition: MigrationDefinition): MigrationDefinition => definition;
