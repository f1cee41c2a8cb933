import { userInfo, hostname } from 'node:os';
import {
  type Environment,
  type MigrationDefinition,
  optionalSetting,
  requireVariable,
  resolveSetting,
  type Side,
  StranglerError,
  storedKind,
} from '@strangler-toolkit/plan';
import { loadContexts, type LoadedContext, requireContext } from '@strangler-toolkit/plan/load';
import type pg from 'pg';
import { type ContextRow, type Control, type Lease, openControl } from '../control/index.ts';
import { neighboursOf } from '../mapping/carried-keys.ts';
import { Connections } from '../database/connections.ts';
import {
  chooseFlagWriter,
  type FlagWriter,
  type OpenControl,
  requireFlagWriter,
} from '../flags/index.ts';
import { pause, throwIfCancelled } from '../pause.ts';
import { chooseTransport } from '../stream/choose-transport.ts';
import type { Transport } from '../stream/transport.ts';

/** What a step tells while it works; the CLI shows it, a program may listen. */
export interface Progress {
  readonly step: string;
  readonly text: string;
  /** `update` replaces the line before of the same step; the others stay. */
  readonly kind: 'started' | 'update' | 'done' | 'failed' | 'note';
  /** For logs that machines read: another level than the kind's, and what the text says as fields. */
  readonly level?: 'warn' | 'error';
  readonly fields?: Readonly<Record<string, unknown>>;
}

export interface ToolkitOptions {
  readonly contextsDir?: string;
  readonly controlUrl?: string;
  /** An older control schema is refused instead of brought to this release. */
  readonly onlyLooks?: boolean;
  readonly env: Environment;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Calls when somebody asks for files to be read again (SIGHUP). @returns what ends it */
  readonly onHangup?: (listener: () => void) => () => void;
}

/** What every step needs: configuration, connections that open when first used, and who asks. */
export class Toolkit implements AsyncDisposable {
  readonly env: Environment;
  readonly signal: AbortSignal;
  readonly actor: string;
  readonly #options: ToolkitOptions;
  #contexts: Promise<Map<string, LoadedContext>> | undefined;
  #control: Promise<Control> | undefined;
  readonly #connections = new Connections({ applicationName: 'strangler-cli' });

  constructor(options: ToolkitOptions) {
    this.#options = options;
    this.env = options.env;
    this.signal = options.signal;
    this.actor = `${options.env.STRANGLER_ACTOR ?? userName()}@${hostname()} (pid ${process.pid})`;
  }

  get contextsDir(): string {
    return this.#options.contextsDir ?? (this.env.STRANGLER_CONTEXTS || './contexts');
  }

  get controlUrl(): string {
    return (
      this.#options.controlUrl ??
      requireVariable(
        'STRANGLER_CONTROL_URL',
        this.env,
        'the control database; --control works as well',
      )
    );
  }

  /** For what works without a control database. */
  get hasControl(): boolean {
    return (this.#options.controlUrl ?? this.env.STRANGLER_CONTROL_URL ?? '') !== '';
  }

  tell(
    step: string,
    text: string,
    kind: Progress['kind'] = 'note',
    more: Pick<Progress, 'level' | 'fields'> = {},
  ): void {
    this.#options.onProgress?.({ step, text, kind, ...more });
  }

  contexts(): Promise<Map<string, LoadedContext>> {
    return (this.#contexts ??= loadContexts(this.contextsDir));
  }

  /** As the files are now; whoever asked before keeps what it was told. */
  contextsAgain(): Promise<Map<string, LoadedContext>> {
    return loadContexts(this.contextsDir, { again: true });
  }

  onHangup(listener: () => void): () => void {
    return this.#options.onHangup?.(listener) ?? (() => undefined);
  }

  async definition(context: string): Promise<MigrationDefinition> {
    return requireContext(await this.contexts(), context).definition;
  }

  /** The contexts that one reads, or that read it. */
  async neighbours(definition: MigrationDefinition): Promise<MigrationDefinition[]> {
    return neighboursOf(
      definition,
      [...(await this.contexts()).values()].map((context) => context.definition),
    );
  }

  control(): Promise<Control> {
    return (this.#control ??= openControl(this.controlUrl, {
      applicationName: 'strangler-cli',
      onlyLooks: this.#options.onlyLooks === true,
    }));
  }

  /** Where all of ours goes: past a pooler, where the context file knows a way. */
  databaseUrl(definition: MigrationDefinition, side: Side): string {
    return (
      optionalSetting(definition[side].databaseDirect, this.env) ??
      this.pooledDatabaseUrl(definition, side)
    );
  }

  /** What applications use, and what may be a pooler. */
  pooledDatabaseUrl(definition: MigrationDefinition, side: Side): string {
    const setting = definition[side].database;
    if (setting === undefined)
      throw new StranglerError(
        'CONFIG_INVALID',
        `context ${definition.context}: ${side}.database is missing`,
      );
    return resolveSetting(setting, this.env, `${side}.database of context ${definition.context}`);
  }

  databaseUrls(definition: MigrationDefinition): { monolithUrl: string; serviceUrl: string } {
    return {
      monolithUrl: this.databaseUrl(definition, 'monolith'),
      serviceUrl: this.databaseUrl(definition, 'service'),
    };
  }

  /** How the changes of a context travel. @throws StranglerError CONFIG_ENV_MISSING, CONFIG_INVALID */
  transport(definition: MigrationDefinition): Transport {
    return chooseTransport(definition, this.env);
  }

  /** Opens a connection to one side for the length of `work`. */
  async withDatabase<T>(
    definition: MigrationDefinition,
    side: Side,
    work: (client: pg.Client) => Promise<T>,
  ): Promise<T> {
    return this.#connections.with(this.databaseUrl(definition, side), work);
  }

  /** Connections that `work` opens are used again, until it ends: for what looks at much and leaves nothing in a session. */
  keepingConnections<T>(work: () => Promise<T>): Promise<T> {
    return this.#connections.keeping(work);
  }

  /** @throws StranglerError CONFIG_ENV_MISSING when flags can be kept nowhere */
  flagWriter(): FlagWriter {
    return requireFlagWriter(this.env, this.#openControl);
  }

  get hasFlagWriter(): boolean {
    return chooseFlagWriter(this.env, this.#openControl) !== undefined;
  }

  get #openControl(): OpenControl | undefined {
    return this.hasControl ? () => this.control() : undefined;
  }

  /** The row of a context; for one that was never registered, what it would be. */
  async row(definition: MigrationDefinition): Promise<ContextRow> {
    const control = await this.control();
    return (
      (await control.contexts.get(definition.context)) ?? {
        context: definition.context,
        dataKind: storedKind(definition.data),
        stage: 'monolith',
        owner: 'monolith',
        epoch: 1,
        holdId: null,
        holdUntil: null,
        held: false,
        startLsn: null,
        ownedSince: '',
        ownedForSeconds: 0,
        updatedAt: '',
      }
    );
  }

  /** Runs `work` under the lease of the context; `signal` fires on Ctrl-C and when the lease is lost. */
  async withLease<T>(
    context: string,
    move: string,
    work: (lease: Lease, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const control = await this.control();
    const lease = await control.leases.acquire({ context, holder: this.actor, move });
    try {
      return await work(lease, AbortSignal.any([this.signal, lease.signal]));
    } finally {
      await lease.release().catch(() => {});
    }
  }

  /** Waits, unless Ctrl-C comes first. */
  async pause(milliseconds: number, signal: AbortSignal = this.signal): Promise<void> {
    throwIfCancelled(signal);
    await pause(milliseconds, signal);
    throwIfCancelled(signal);
  }

  async close(): Promise<void> {
    const control = this.#control;
    this.#control = undefined;
    await control?.then(
      (open) => open.close(),
      () => {},
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}
