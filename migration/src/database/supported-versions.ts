import { StranglerError } from '@strangler-toolkit/plan';

/** Oldest and newest major version that the suite `migration/test/versions` runs on, on either side. */
export const oldestMajor = 13;
export const newestMajor = 18;

/** What servers learnt on the way, with the first major version that has it. */
const learnt = {
  /** A time-out for sessions that do nothing; an older server refuses a session that sets it. */
  idleSessionTimeout: 14,
  /** Reads a range of pages alone; before, it reads the whole table for each. */
  tidRanges: 14,
  /** CREATE OR REPLACE TRIGGER. */
  replaceTrigger: 14,
  /** GRANT SET ON PARAMETER; before, only a superuser may set session_replication_role. */
  parameterPrivileges: 15,
  /** The server leaves out what replication wrote; before, the reader must. */
  originFilter: 16,
  /** A standby takes a slot along. */
  failoverSlots: 17,
  /** interval 'infinity'. */
  infiniteIntervals: 17,
} as const;

export type Learnt = keyof typeof learnt;

/** `version` as server_version_num has it: 160004 is 16.4. */
export const majorOf = (version: number): number => Math.floor(version / 10_000);

export const knows = (version: number, what: Learnt): boolean => majorOf(version) >= learnt[what];

/** @throws StranglerError DB_VERSION */
export function requireSupported(version: number, where: string): void {
  const major = majorOf(version);
  if (major >= oldestMajor) return;
  throw new StranglerError(
    'DB_VERSION',
    `${where} is PostgreSQL ${major}; the oldest that can be migrated from or to is ${oldestMajor}`,
    { details: { where, version: major, oldest: oldestMajor } },
  );
}
