/** What the outbox needs of a connection: a client of `pg` has it, any other library fits with one line. */
export interface Querying {
  query(text: string, values: unknown[]): Promise<unknown>;
}
