import { z } from 'zod';

/** A peer that speaks like a proxy and is not trusted, with the headers by which it does. */
const untrustedProxy = z.object({ address: z.string(), headers: z.array(z.string()) });
export type UntrustedProxy = z.infer<typeof untrustedProxy>;

/** Where a facade reads its flags: `none` when nowhere, `fixed` when somebody examines it. */
export const flagSources = ['unleash', 'control', 'fixed', 'none'] as const;
export type FlagSource = (typeof flagSources)[number];

/** What a facade tells of itself with each heartbeat. One of an earlier release tells less. */
const instanceDetail = z.object({
  pid: z.number().optional(),
  untrustedProxies: z.array(untrustedProxy).optional(),
  flags: z.enum(flagSources).optional(),
  /** `planMark` of each context that it serves. */
  plans: z.record(z.string(), z.string()).optional(),
});
export type InstanceDetail = z.infer<typeof instanceDetail>;

/** What cannot be read is not known; another release may have written it. */
export const readInstanceDetail = (value: unknown): InstanceDetail =>
  instanceDetail.safeParse(value).data ?? {};
