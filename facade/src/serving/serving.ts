import type { Side } from '@strangler-toolkit/plan';
import type { Logger } from 'pino';
import type { AskedWrite } from '../telemetry/write-windows.ts';
import type { Strangers } from '../admission/strangers.ts';
import type { AnswerCache } from '../edge/answer-cache.ts';
import type { EdgeTls } from '../edge/edge-tls.ts';
import type { Duties } from '../edge/duties.ts';
import type { SessionBridge } from '../edge/session-bridge.ts';
import type { Testers } from '../edge/testers.ts';
import type { FacadeLimits } from '../config/limits.ts';
import type { Documents } from '../graphql/documents.ts';
import type { FlagReader } from '../flags/flag-reader.ts';
import type { Ownership } from '../ownership/ownership.ts';
import type { Deadlines } from '../proxy/deadlines.ts';
import type { Forwarder } from '../proxy/forwarder.ts';
import type { Mirror } from '../shadow/mirror.ts';
import type { Shedding } from '../admission/shedding.ts';
import type { Names } from '../addresses/names.ts';
import type { Upstreams } from '../resilience/upstreams.ts';
import type { UpstreamWatch } from '../resilience/upstream-watch.ts';
import type { AccessLog } from '../telemetry/access-log.ts';
import type { Spans } from '../telemetry/spans/spans.ts';
import type { StandIns } from '../telemetry/stand-ins.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Claims } from './claim.ts';
import type { RunningPlan } from './running-plan.ts';
import type { Who } from './who.ts';

/** What every request needs; made once. */
export interface Serving {
  /** Of now; a request that found its claim keeps it. */
  readonly claims: Claims;
  readonly plan: RunningPlan;
  /** What is shown to clients and upstreams; undefined: nothing is said of it. */
  readonly tls: EdgeTls | undefined;
  /** Answers kept for others; undefined: none are. */
  readonly cache: AnswerCache | undefined;
  /** Some routes have origins, whose pages' browsers ask before they ask. */
  readonly answersPreflights: boolean;
  /** Of what no context claims. */
  readonly unclaimedDuties: Duties | undefined;
  /** All that make tokens of the monolith's sessions; undefined: none. */
  readonly sessions: readonly SessionBridge[] | undefined;
  /** Who may say which side answers; undefined: nobody may. */
  readonly testers: Testers | undefined;
  readonly monolithUrl: string;
  readonly flags: FlagReader;
  readonly ownership: Ownership;
  readonly forwarder: Forwarder;
  readonly documents: Documents;
  readonly upstreams: Upstreams;
  readonly names: Names;
  readonly shedding: Shedding;
  readonly deadlines: Deadlines;
  readonly mirror: Mirror;
  readonly watch: UpstreamWatch;
  readonly metrics: Metrics;
  readonly standIns: StandIns;
  readonly limits: FacadeLimits;
  readonly log: Logger;
  readonly accessLog: AccessLog;
  /** Undefined: no collector is told of requests. */
  readonly spans: Spans | undefined;
  readonly debugHeaders: boolean;
  readonly trusted: (address: string) => boolean;
  readonly strangers: Strangers;
  /** One answered or failed try of a side, for the comparison of a ramp. */
  readonly noteTry: (tried: Tried) => void;
  /** One request that no context claims; `path` without identifiers. */
  readonly noteUnclaimed: (method: string, path: string) => void;
  /** A write that the monolith was asked for and answered, `seconds` after its arrival. */
  readonly noteWrite: (asked: Omit<AskedWrite, 'started' | 'ended'>, seconds: number) => void;
  /** The same of a read, claimed or not; null: no fence logs what is written, nobody wants to know. */
  readonly noteRead: Serving['noteWrite'] | null;
  /** Who asked for a route that a percentage may steer. */
  readonly noteWho: (context: string, who: Pick<Who, 'identity' | 'sticky'>) => void;
}

export interface Tried {
  readonly context: string;
  readonly route: string;
  readonly side: Side;
  readonly milliseconds: number;
  /** Of the answer; `undefined`: there was none. */
  readonly status: number | undefined;
}
