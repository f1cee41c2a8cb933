/** What the control database NOTIFYs on; the payload is a context's name. A notification is a hint: who listens polls as well. */
export const channels = {
  contexts: 'strangler_contexts',
  instances: 'strangler_instances',
  watermarks: 'strangler_watermarks',
} as const;
export type Channel = (typeof channels)[keyof typeof channels];

/** A facade whose heartbeat is older counts as gone. */
export const INSTANCE_GONE_SECONDS = 10;
/** A worker whose heartbeat is older counts as dead. */
export const WORKER_DEAD_SECONDS = 10;
