import type { FlagReader, FlagStatus } from './flag-reader.ts';
import { noFlags } from './no-flags.ts';

/** Flags for parts that are made before the provider is asked: none until `use` puts a reader in. */
export class LateFlags implements FlagReader {
  #reader: FlagReader = noFlags;

  use(reader: FlagReader): void {
    this.#reader = reader;
  }

  isEnabled(name: string, identity: string | undefined): boolean | undefined {
    return this.#reader.isEnabled(name, identity);
  }

  shareOf(context: string, identity: string): number | undefined {
    return this.#reader.shareOf(context, identity);
  }

  status(): FlagStatus {
    return this.#reader.status();
  }

  stop(): Promise<void> {
    return this.#reader.stop();
  }
}
