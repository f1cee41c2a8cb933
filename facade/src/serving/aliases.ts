/** Identities that are remembered; the oldest are forgotten first. */
const limit = 20_000;
/** Others of one identity; a session that changes with each answer must not grow for ever. */
const perIdentity = 8;

/**
 * What this facade saw of people whose identity changes: a session that an answer moved to another one, a user whom an answer
 * named. Who wrote with one of them may read with another.
 */
export class Aliases {
  readonly #known = new Map<string, readonly string[]>();

  /** @returns whether anything of it is new */
  learn(identity: string, others: readonly string[]): boolean {
    const known = this.#known.get(identity) ?? [];
    const fresh = others.filter((other) => other !== identity && !known.includes(other));
    if (fresh.length === 0) return false;
    this.#known.delete(identity);
    this.#known.set(identity, [...known, ...fresh].slice(-perIdentity));
    if (this.#known.size > limit) {
      const oldest = this.#known.keys().next().value;
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    return true;
  }

  /** The identities with all that is known to be the same. */
  of(identities: readonly string[]): readonly string[] {
    if (this.#known.size === 0) return identities;
    const others = identities.flatMap((identity) => this.#known.get(identity) ?? []);
    return others.length === 0 ? identities : [...new Set([...identities, ...others])];
  }
}
