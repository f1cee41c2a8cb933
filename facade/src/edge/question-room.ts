/** Questions to the monolith under way at a time. */
const most = 64;
/** Of them about sessions that nobody has proven yet, which anybody may invent; the rest is for those that were somebody's. */
const mostUnproven = 48;
/** From here on an address has no more than a few of them: whoever invents sessions has few addresses. */
const crowded = 24;
const mostOfAddress = 4;

export interface AboutSession {
  /** The monolith said of it before that somebody has it. */
  readonly proven: boolean;
  /** Where the request comes from. */
  readonly address: string;
}

/** Room for questions to the monolith, of which a flood of invented sessions gets its share and no more. */
export class QuestionRoom {
  readonly #unproven = new Map<string, number>();
  #all = 0;
  #strange = 0;

  /** Undefined: there is none. Else what ends the question. */
  enter({ proven, address }: AboutSession): (() => void) | undefined {
    if (this.#all >= most) return undefined;
    if (proven) {
      this.#all++;
      return () => void this.#all--;
    }
    const own = this.#unproven.get(address) ?? 0;
    if (this.#strange >= (own < mostOfAddress ? mostUnproven : crowded)) return undefined;
    this.#all++;
    this.#strange++;
    this.#unproven.set(address, own + 1);
    return () => {
      this.#all--;
      this.#strange--;
      const left = (this.#unproven.get(address) ?? 1) - 1;
      if (left === 0) this.#unproven.delete(address);
      else this.#unproven.set(address, left);
    };
  }
}
