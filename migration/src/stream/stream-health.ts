import { type Direction, isStranglerError } from '@strangler-toolkit/plan';
import type { SlotHealth } from './source/slot-health.ts';

export interface PartitionHealth {
  readonly topic: string;
  readonly partition: number;
  /** Offset behind the last message that was applied. */
  readonly applied: number;
  readonly oldest: number;
  readonly end: number;
}

export interface ConnectorHealth {
  readonly name: string;
  readonly state: string;
  readonly tasks: readonly string[];
  readonly failure: string | null;
  readonly worker: string | null;
}

/** Where a direction's stream stands, place by place. What could not be asked is null, and `problems` says why. */
export interface StreamHealth {
  readonly direction: Direction;
  readonly transport: 'embedded' | 'kafka';
  readonly slot: SlotHealth | null;
  readonly connector: ConnectorHealth | null;
  /** Age of the last heartbeat of the source, seconds. */
  readonly beatAgeSeconds: number | null;
  readonly partitions: readonly PartitionHealth[] | null;
  readonly problems: readonly string[];
}

/** Asks one place after the other: one that does not answer is a problem to tell, not the end of the look. */
export class Asked {
  readonly problems: string[] = [];

  /** `null` when it could not be asked. */
  async attempt<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      if (isStranglerError(error)) this.problems.push(`${error.code}: ${error.message}`);
      else this.problems.push(error instanceof Error ? error.message : String(error));
      return null;
    }
  }
}
