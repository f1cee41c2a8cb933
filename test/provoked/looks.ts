/** What status and doctor show, as states; those that cannot look tell why. */
export interface Looks {
  readonly status: unknown;
  readonly wrong: readonly unknown[] | string;
}

export interface Green {
  readonly looks: Looks;
  readonly text: string;
}
