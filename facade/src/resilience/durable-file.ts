import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A JSON file that a crash leaves either old or new, never half. Writes follow one another in order. */
export class DurableFile<T> {
  readonly path: string;
  #tail: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.path = path;
  }

  /** `undefined` when there is none or it cannot be read as JSON: a damaged memory is no memory. */
  async read(parse: (value: unknown) => T): Promise<T | undefined> {
    try {
      return parse(JSON.parse(await readFile(this.path, 'utf8')));
    } catch {
      return undefined;
    }
  }

  write(value: T): Promise<void> {
    const next = this.#tail.then(() => this.#replace(JSON.stringify(value)));
    this.#tail = next.catch(() => {});
    return next;
  }

  /** Resolves when nothing is being written any more, however it ended. */
  settled(): Promise<void> {
    return this.#tail;
  }

  async #replace(text: string): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true });
    const temporary = `${this.path}.${process.pid}.tmp`;
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.path);
  }
}
