import type { MigrationDefinition } from '@strangler-toolkit/plan';
import type pg from 'pg';
import type { Control } from '../control/index.ts';
import type { Rate } from '../copy/index.ts';
import type { Identity } from '../identity/identity.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import type { ReplicationNames, SourceTable, StreamSource, Transport } from '../stream/index.ts';
import type { Differences } from '../stream/transport.ts';
import type { WorkerProgress } from './worker-options.ts';

export interface CopyOptions {
  readonly control: Control;
  readonly definition: MigrationDefinition;
  readonly context: string;
  readonly epoch: number;
  readonly mapping: CompiledMapping;
  readonly transport: Transport;
  readonly source: StreamSource;
  readonly tables: readonly SourceTable[];
  /** @throws when another worker or another epoch took over */
  readonly stillMine: () => Promise<void>;
  readonly service: pg.Client;
  readonly look: () => Promise<Identity>;
  readonly monolithUrl: string;
  readonly serviceUrl: string;
  readonly names: ReplicationNames;
  readonly workerId: string;
  readonly parallel: number;
  readonly maxRate?: Rate | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: WorkerProgress) => void;
  /** What a person should know of a copy that goes on, or cannot. */
  readonly onNote: (text: string) => void;
  /** What a start changes at a carrier that runs already. */
  readonly onDifference?: ((differences: Differences) => void) | undefined;
}
