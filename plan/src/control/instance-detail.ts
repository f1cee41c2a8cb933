import { z } from 'zod';
import { bothSides } from '../directions.ts';

/** A peer that speaks like a proxy and is not trusted, with the headers by which it does. */
const untrustedProxy = z.object({ address: z.string(), headers: z.array(z.string()) });
export type UntrustedProxy = z.infer<typeof untrustedProxy>;

/** Where a facade reads its flags: `none` when nowhere, `fixed` when somebody examines it. */
export const flagSources = ['unleash', 'control', 'fixed', 'none'] as const;
export type FlagSource = (typeof flagSources)[number];

/** Reads of one context that the side named answered, because the owner was dead. */
const standIn = z.object({ side: z.enum(bothSides), reads: z.number() });
export type StandInsSeen = z.infer<typeof standIn>;
/** Reads of a dead owner are told for so long after they were answered, seconds. */
export const STAND_INS_SECONDS = 300;

/** What a facade tells of itself with each heartbeat. One of an earlier release tells less. */
const instanceDetail = z.object({
  pid: z.number().optional(),
  /** Facades that share its port, where it is not alone. */
  processes: z.number().optional(),
  untrustedProxies: z.array(untrustedProxy).optional(),
  flags: z.enum(flagSources).optional(),
  /** Names of upstreams that it cannot look up, and why. */
  unknownNames: z.record(z.string(), z.string()).optional(),
  /** `planMark` of each context that it serves. */
  plans: z.record(z.string(), z.string()).optional(),
  /** By context, of the last `STAND_INS_SECONDS`. */
  standIns: z.record(z.string(), standIn).optional(),
});
export type InstanceDetail = z.infer<typeof instanceDetail>;

/** What cannot be read is not known; another release may have written it. */
export const readInstanceDetail = (value: unknown): InstanceDetail =>
  instanceDetail.safeParse(value).data ?? {};
