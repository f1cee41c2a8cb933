import type { z } from 'zod';
import {
  adminToken,
  bytes,
  count,
  forwarderName,
  httpUrl,
  instanceName,
  logLevel,
  milliseconds,
  millisecondsOrNever,
  port,
  postgresUrl,
  share,
  text,
  word,
  yesOrNo,
} from './setting-types.ts';

export interface Setting {
  /** The environment variable that sets it; without one only a program does. */
  readonly variable?: string;
  readonly type: z.ZodType;
  /** What holds when nobody says anything. */
  readonly standard?: string | number;
  readonly help: string;
}

/** Who and where a facade is. */
const processSettings = {
  monolithUrl: {
    variable: 'MONOLITH_URL',
    type: httpUrl,
    help: 'where everything goes that no context claims (required)',
  },
  contextsDir: {
    variable: 'STRANGLER_CONTEXTS',
    type: word,
    standard: './contexts',
    help: 'folder of context files',
  },
  reload: {
    variable: 'FACADE_RELOAD',
    type: yesOrNo,
    standard: '1',
    help: '1 reads context files again when one changes, 0 on SIGHUP only',
  },
  controlUrl: {
    variable: 'STRANGLER_CONTROL_URL',
    type: postgresUrl.optional(),
    help: 'control database (PostgreSQL); without it only stateless and shared contexts move',
  },
  unleashUrl: {
    variable: 'UNLEASH_URL',
    type: httpUrl.optional(),
    help: "Unleash, e.g. http://127.0.0.1:4242/api; without it flags are the control database's, for everybody or nobody",
  },
  unleashToken: {
    variable: 'UNLEASH_CLIENT_TOKEN',
    type: word.optional(),
    help: 'client token of Unleash',
  },
  unleashEnvironment: {
    variable: 'UNLEASH_ENVIRONMENT',
    type: word,
    standard: 'development',
    help: 'environment of Unleash',
  },
  unleashRefreshMs: {
    variable: 'UNLEASH_REFRESH_MS',
    type: milliseconds,
    standard: 1_000,
    help: 'time between two looks at Unleash',
  },
  host: {
    variable: 'FACADE_HOST',
    type: word,
    standard: '127.0.0.1',
    help: 'address to listen on',
  },
  port: {
    variable: 'FACADE_PORT',
    type: port,
    standard: 8080,
    help: 'port for clients (0: any free one)',
  },
  adminHost: {
    variable: 'FACADE_ADMIN_HOST',
    type: word,
    standard: '127.0.0.1',
    help: 'address for health, metrics and routes: open it to your own network only',
  },
  adminToken: {
    variable: 'FACADE_ADMIN_TOKEN',
    type: adminToken.optional(),
    help: 'metrics, routes and details of health are for who says "Authorization: Bearer <this>" (default: for everybody)',
  },
  adminPort: {
    variable: 'FACADE_ADMIN_PORT',
    type: port,
    standard: 8081,
    help: 'port for health, metrics and routes (0: any free one)',
  },
  name: {
    variable: 'FACADE_NAME',
    type: instanceName,
    standard: 'facade',
    help: 'name of this instance; instances that share a state folder need different ones',
  },
  processes: {
    variable: 'FACADE_PROCESSES',
    type: count,
    standard: 1,
    help: 'processes that share the port for clients, each an instance of its own (--processes N)',
  },
  stateDir: {
    variable: 'FACADE_STATE_DIR',
    type: word,
    standard: './.strangler-facade',
    help: 'folder for the last known state of flags and owners',
  },
  trustedProxies: {
    variable: 'FACADE_TRUSTED_PROXIES',
    type: text,
    standard: '',
    help: 'addresses or CIDR blocks, comma-separated, whose X-Forwarded-* and X-Request-Id are believed',
  },
  forwarder: {
    variable: 'FACADE_FORWARDER',
    type: forwarderName,
    standard: 'undici',
    help: 'what sends requests on: undici, or middleware (http-proxy-middleware)',
  },
  dnsServers: {
    variable: 'FACADE_DNS_SERVERS',
    type: text,
    standard: '',
    help: 'addresses of DNS servers, comma-separated, that are asked for names of upstreams before the system is',
  },
  edge: {
    variable: 'FACADE_EDGE',
    type: word.optional(),
    help: 'JSON file with the duties of an edge (docs/guide/edge.md); without it none is done',
  },
  traces: {
    variable: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    type: httpUrl.optional(),
    help: 'collector that takes traces over OTLP/HTTP, e.g. http://127.0.0.1:4318; without it none are made',
  },
  tracesRatio: {
    variable: 'OTEL_TRACES_SAMPLER_ARG',
    type: share,
    standard: 1,
    help: 'share of the traces that begin here which are told, 0 to 1; who is trusted decides for its own',
  },
  lenientMonolith: {
    variable: 'FACADE_MONOLITH_LENIENT',
    type: yesOrNo,
    standard: '0',
    help: '1 takes from the monolith what old servers send: bare LF, spaces in names, one length said twice',
  },
  debugHeaders: {
    variable: 'FACADE_DEBUG_HEADERS',
    type: yesOrNo,
    standard: '0',
    help: '1 adds x-strangler-served-by to answers',
  },
  logLevel: {
    variable: 'FACADE_LOG_LEVEL',
    type: logLevel,
    standard: 'info',
    help: 'log level',
  },
} as const satisfies Record<string, Setting>;

/** Bounds of the facade's work: `createFacade` takes them as `limits`. */
export const limitSettings = {
  timeoutMs: {
    variable: 'FACADE_TIMEOUT_MS',
    type: milliseconds,
    standard: 30_000,
    help: 'until an answer must have begun, where the route says nothing',
  },
  wireTimeoutMs: {
    variable: 'FACADE_WIRE_TIMEOUT_MS',
    type: milliseconds,
    standard: 600_000,
    help: 'until an answer must have begun, of what no context claims',
  },
  wireSilenceMs: {
    variable: 'FACADE_WIRE_SILENCE_MS',
    type: milliseconds,
    standard: 3_600_000,
    help: 'longest silence in the middle of an answer, of what no context claims',
  },
  connectMs: {
    variable: 'FACADE_CONNECT_MS',
    type: milliseconds,
    standard: 5_000,
    help: 'until a connection to an upstream must stand',
  },
  upstreamConnections: {
    variable: 'FACADE_UPSTREAM_CONNECTIONS',
    type: count,
    standard: 512,
    help: 'connections to one upstream at a time; more requests wait for one',
  },
  upstreamMaxWaiting: {
    variable: 'FACADE_UPSTREAM_MAX_WAITING',
    type: count,
    standard: 2_000,
    help: 'requests that may wait for one, per upstream; more get 503 with Retry-After',
  },
  upstreamWaitMs: {
    variable: 'FACADE_UPSTREAM_WAIT_MS',
    type: milliseconds,
    standard: 10_000,
    help: 'longest wait for one; then 503 with Retry-After',
  },
  maxInFlight: {
    variable: 'FACADE_MAX_IN_FLIGHT',
    type: count,
    standard: 10_000,
    help: 'requests that the facade has in its hands at a time; more get 503 with Retry-After',
  },
  headerBytes: {
    variable: 'FACADE_HEADER_BYTES',
    type: bytes,
    standard: 65_536,
    help: 'bytes that the head of a request or of an answer may have',
  },
  graphqlBodyBytes: {
    variable: 'FACADE_GRAPHQL_BODY_BYTES',
    type: bytes,
    standard: 65_536,
    help: 'bytes of a request body that are read at a path with GraphQL routes, to see whose operation it is',
  },
  holdMaxWaiting: {
    variable: 'FACADE_HOLD_MAX_WAITING',
    type: count,
    standard: 1_000,
    help: 'writes that may wait during a hold, per context',
  },
  holdMaxMs: {
    variable: 'FACADE_HOLD_MAX_MS',
    type: milliseconds,
    standard: 20_000,
    help: 'longest wait of a held write; then 503 with Retry-After',
  },
  healthMs: {
    variable: 'FACADE_HEALTH_MS',
    type: millisecondsOrNever,
    standard: 10_000,
    help: 'between two looks at whether monolith and services are there; 0 never looks',
  },
  dnsMs: {
    variable: 'FACADE_DNS_MS',
    type: millisecondsOrNever,
    standard: 30_000,
    help: "longest time between two looks at the addresses of an upstream's name; 0 leaves names to every connection",
  },
  freshnessMs: {
    variable: 'FACADE_FRESHNESS_MS',
    type: milliseconds,
    standard: 100,
    help: 'longest wait for the control database before a read goes to the owner',
  },
  pinMs: {
    variable: 'FACADE_PIN_MS',
    type: milliseconds,
    standard: 500,
    help: 'longest wait of the answer to a write for its pin',
  },
  drainMs: {
    variable: 'FACADE_DRAIN_MS',
    type: milliseconds,
    standard: 15_000,
    help: 'on SIGTERM: how long requests and WebSockets may finish',
  },
  shadowConcurrency: {
    variable: 'FACADE_SHADOW_CONCURRENCY',
    type: count,
    standard: 4,
    help: 'mirrored reads at a time',
  },
  shadowMaxJobs: {
    variable: 'FACADE_SHADOW_MAX_JOBS',
    type: count,
    standard: 200,
    help: 'mirrored reads that may wait; more are dropped and counted',
  },
  shadowMaxBodyBytes: {
    variable: 'FACADE_SHADOW_MAX_BODY_BYTES',
    type: bytes,
    standard: 1_048_576,
    help: 'largest body that is compared',
  },
  shadowTimeoutMs: {
    variable: 'FACADE_SHADOW_TIMEOUT_MS',
    type: milliseconds,
    standard: 5_000,
    help: 'longest wait for a mirrored answer',
  },
  headersMs: {
    type: milliseconds,
    standard: 60_000,
    help: "until a client must have sent its request's headers",
  },
  silenceMs: {
    type: milliseconds,
    standard: 120_000,
    help: 'longest silence of an upstream in the middle of an answer',
  },
  pollMs: {
    type: milliseconds,
    standard: 500,
    help: 'time between two looks at the control database when nothing is notified',
  },
  heartbeatMs: {
    type: milliseconds,
    standard: 2_000,
    help: 'time between two heartbeats of this instance',
  },
  flushMs: {
    type: milliseconds,
    standard: 1_000,
    help: 'time between two sendings of numbers to the control database',
  },
  startMs: {
    type: milliseconds,
    standard: 3_000,
    help: 'how long the start waits for flags and for the control database',
  },
  shadowCatchUpMs: {
    type: milliseconds,
    standard: 3_000,
    help: 'how long a comparison waits until the other side has caught up',
  },
  shadowMaxBytes: {
    type: bytes,
    standard: 33_554_432,
    help: 'bodies that wait to be compared, all together',
  },
} as const satisfies Record<string, Setting>;

/** Every setting once: behind the environment, --help, the limits of `createFacade` and all defaults. */
export const settings = { ...processSettings, ...limitSettings };
export type Settings = typeof settings;

/** The rows of the table, without the types of single ones. */
export const settingRows: readonly Setting[] = Object.values(settings);
