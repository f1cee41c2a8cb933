import type { Channel } from '@strangler-toolkit/plan';
import { ContextStore, type FlipOptions, type ContextRow } from './contexts.ts';
import { AnswerFormStore } from './answer-forms.ts';
import { describeDatabase } from '../database/connect.ts';
import { serverVersion } from '../database/server-version.ts';
import { requireSupported } from '../database/supported-versions.ts';
import { controlFailure, openPool } from './control-database.ts';
import { EvidenceStore } from './evidence.ts';
import { FlagStore } from './flags.ts';
import { IdentitiesSeenStore } from './identities-seen.ts';
import { InstanceStore } from './instances.ts';
import { JournalStore } from './journal.ts';
import { LeaseStore } from './leases.ts';
import { listen } from './listen.ts';
import { PinStore } from './pins.ts';
import { RouteStatsStore } from './route-stats.ts';
import { MoveStore } from './moves.ts';
import { migrateControl } from './schema-version.ts';
import { ShadowStore } from './shadow-results.ts';
import { UnclaimedRequestStore } from './unclaimed-requests.ts';
import { WatermarkStore } from './watermarks.ts';
import { WriteWindowStore } from './write-windows.ts';
import { WrittenTogetherStore } from './written-together.ts';
import { sql } from './sql.ts';

/** The control database: what CLI, workers and facades agree on. */
export interface Control extends AsyncDisposable {
  readonly url: string;
  readonly contexts: ContextStore;
  readonly journal: JournalStore;
  readonly leases: LeaseStore;
  readonly evidence: EvidenceStore;
  readonly flags: FlagStore;
  readonly identities: IdentitiesSeenStore;
  readonly instances: InstanceStore;
  readonly watermarks: WatermarkStore;
  readonly pins: PinStore;
  readonly shadow: ShadowStore;
  readonly answerForms: AnswerFormStore;
  readonly routeStats: RouteStatsStore;
  readonly unclaimed: UnclaimedRequestStore;
  readonly writeWindows: WriteWindowStore;
  readonly together: WrittenTogetherStore;
  readonly moves: MoveStore;
  setHold(context: string, holdId: string, milliseconds: number): Promise<void>;
  liftHold(context: string, holdId?: string): Promise<void>;
  flip(options: FlipOptions): Promise<ContextRow>;
  /** The control database's clock, as text with microseconds. */
  now(): Promise<string>;
  listen(channel: Channel, callback: (payload: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/**
 * Connects and brings the schema up to date; any number of processes may do so at once.
 * @throws StranglerError DB_UNREACHABLE, TLS_FILE, TLS_FAILED, DB_AUTH, DB_PRIVILEGE, DB_VERSION, CONTROL_SCHEMA_NEWER
 */
export async function openControl(
  url: string,
  {
    applicationName = 'strangler-control',
    onlyLooks = false,
  }: { applicationName?: string; onlyLooks?: boolean } = {},
): Promise<Control> {
  let opened: ReturnType<typeof openPool> | undefined;
  try {
    // Who looks once asks a dozen things at once, each of which takes less time than a connection for it.
    opened = openPool(url, applicationName, onlyLooks ? { max: 2 } : {});
    requireSupported(
      await serverVersion(opened.pool),
      `The control database ${describeDatabase(url)}`,
    );
    await migrateControl(opened.pool, { onlyLooks });
  } catch (error) {
    await opened?.db.destroy().catch(() => {});
    throw controlFailure(error, url);
  }
  const { db } = opened;
  const contexts = new ContextStore(db);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= db.destroy());
  return {
    url,
    contexts,
    close,
    moves: new MoveStore(db),
    [Symbol.asyncDispose]: close,
    journal: new JournalStore(db),
    leases: new LeaseStore(db),
    evidence: new EvidenceStore(db),
    flags: new FlagStore(db),
    identities: new IdentitiesSeenStore(db),
    instances: new InstanceStore(db),
    watermarks: new WatermarkStore(db),
    pins: new PinStore(db),
    shadow: new ShadowStore(db),
    answerForms: new AnswerFormStore(db),
    routeStats: new RouteStatsStore(db),
    unclaimed: new UnclaimedRequestStore(db),
    writeWindows: new WriteWindowStore(db),
    together: new WrittenTogetherStore(db),
    setHold: (context, holdId, milliseconds) => contexts.setHold(context, holdId, milliseconds),
    liftHold: (context, holdId) => contexts.liftHold(context, holdId),
    flip: (options) => contexts.flip(options),
    async now() {
      const { rows } = await sql<{ now: string }>`SELECT clock_timestamp() AS now`.execute(db);
      return rows[0]?.now ?? '';
    },
    listen: (channel, callback) => listen(url, channel, callback),
  };
}
