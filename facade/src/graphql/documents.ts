import { hash } from 'node:crypto';
import { type ReadDocument, readDocument } from '@strangler-toolkit/plan/graphql';

/** Characters of documents that are remembered, all together. */
const mostCharacters = 4_000_000;
/** And of each, what its entry itself costs. */
const perEntry = 200;

interface Looked {
  readonly read: ReadDocument;
  /** SHA-256, in hexadecimal digits. */
  readonly hash: string;
}

/**
 * Documents that were read before, by their text and by its hash; whoever was not asked for longest is forgotten first. A hash is
 * learnt from the text itself: what a client says of it is not believed.
 */
export class Documents {
  readonly #known = new Map<string, Looked>();
  readonly #byHash = new Map<string, string>();
  #characters = 0;
  readonly #most: number;

  constructor(most = mostCharacters) {
    this.#most = most;
  }

  look(text: string): Looked {
    const known = this.#known.get(text);
    if (known) {
      this.#known.delete(text);
      this.#known.set(text, known);
      return known;
    }
    const read = readDocument(text);
    const entry = { read, hash: hash('sha256', text, 'hex') };
    this.#known.set(text, entry);
    this.#byHash.set(entry.hash, text);
    this.#characters += text.length + perEntry;
    this.#forget();
    return entry;
  }

  /** Undefined: nobody has sent it yet, or it was forgotten. */
  textOf(wanted: string): string | undefined {
    return this.#byHash.get(wanted);
  }

  #forget(): void {
    for (const [text, { hash: its }] of this.#known) {
      if (this.#characters <= this.#most) return;
      this.#known.delete(text);
      this.#byHash.delete(its);
      this.#characters -= text.length + perEntry;
    }
  }
}
