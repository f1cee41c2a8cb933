import type { EarlierVerification } from './earlier-verification.ts';
import type { DataKind } from './migration.ts';
import type { Stage } from './stages.ts';
import type { WriteRoutes } from './write-routes.ts';

/** A check that was made beforehand: true, or what is wrong. */
export type Finding = true | { readonly problem: string; readonly remedy?: string };

export interface ShadowFact {
  readonly route: string;
  readonly compared: number;
  /** What a client would have noticed: other answers, errors and time-outs together. */
  readonly mismatches: number;
  /** Of these, answers of the service that failed or came too late: no difference in what it says. */
  readonly failed?: { readonly errors: number; readonly timeouts: number };
}

export interface PactsFact {
  readonly monolith: boolean;
  readonly service: boolean;
  /** The pacts that were verified are not those that are there now. */
  readonly voidSince?: string | undefined;
  /** Interactions that a tool lets pass and that are no proof, each with its side and reason. */
  readonly notVerified?: readonly string[];
}

/** What a Pact Broker says of the version that a move brings in. Only `deployable: true` is a yes. */
export interface BrokerFact {
  /** `shop 4f2c1e0 in production` */
  readonly about: string;
  readonly deployable: boolean | null;
  readonly reason: string;
  /** Where it could not be asked: why, and what mends that. */
  readonly problem?: string;
  readonly remedy?: string;
  /** Somebody chose not to ask it. */
  readonly notAsked?: boolean;
}

export interface VerificationFact {
  readonly differences: number;
  readonly ageSeconds: number;
  /** What it was about has changed: how. */
  readonly voidSince?: string | undefined;
  /** It compared less than there is: what. */
  readonly notCompared?: string | undefined;
}

/** A context with data `reference` that this one reads, and the first thing that speaks against it. */
export interface ReferenceFact {
  readonly context: string;
  readonly problem?: string;
  readonly remedy?: string;
  readonly command?: string;
}

/** What is known. A fact that is missing could not be found out: its gate refuses, nothing passes unverified. */
export interface GateFacts {
  readonly context: string;
  readonly data: DataKind;
  readonly stage: Stage;
  /** Contexts that this one reads, as its file says. */
  readonly reads?: readonly string[];
  /** How these stand. */
  readonly references?: readonly ReferenceFact[];
  /**
   * Of a reference: contexts that read it and that clients or comparisons reach already, with their stage. Of others, before the
   * monolith's copy ends: references that carry it on.
   */
  readonly readers?: readonly string[];
  readonly databases?: Finding;
  readonly replicaIdentity?: Finding;
  readonly mapping?: Finding;
  /** What lies around the mapped rows (ids, foreign keys, triggers) and what is still undecided. */
  readonly decisions?: Finding;
  readonly writeRoutes?: WriteRoutes;
  readonly publicationAndSlot?: Finding;
  readonly copyComplete?: boolean;
  readonly workerAlive?: boolean;
  /** Of one that failed at something that may pass: it goes on by itself. */
  readonly workerRetry?: { readonly code: string; readonly text: string } | undefined;
  /** What the worker ended with, where another command than its own mends it: started again, it would end with it again. */
  readonly workerEnded?: 'SLOT_LOST' | 'POSITION_GAP' | 'CONTROL_FELL_BACK' | undefined;
  readonly lagSeconds?: number;
  readonly verification?: VerificationFact | undefined;
  /** Where this epoch has none. */
  readonly earlierVerification?: EarlierVerification | undefined;
  readonly openDeadLetters?: number | undefined;
  readonly pacts?: PactsFact;
  /** Undefined where no Pact Broker is set: nobody is asked then, and there is no such gate. */
  readonly broker?: BrokerFact | undefined;
  /** One entry per read route of the context. */
  readonly shadow?: readonly ShadowFact[];
  /** What was compared is not what runs now: how. */
  readonly shadowVoidSince?: string | undefined;
  readonly facades?:
    | {
        readonly alive: number;
        readonly stale: readonly string[];
        readonly behind: readonly string[];
        readonly notNeeded?: boolean;
      }
    | undefined;
  /** Facades alive that serve by another context file than this one; one of an earlier release does not tell. */
  readonly otherPlan?: readonly string[];
  readonly wayBack?: Finding;
  readonly ownedDays?: number;
  readonly readsOnMonolith?: number;
  readonly strayWrites?: number | undefined;
}
