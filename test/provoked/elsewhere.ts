/** Failures that cost a server, a container or a program of their own: the suite that has it judges them. */
export interface JudgedElsewhere {
  readonly name: string;
  /** What is seen, as that suite judges it. */
  readonly seen: string;
  readonly file: string;
  /** Of the tests that judge it. */
  readonly titles: readonly string[];
  readonly todo: string;
}

export const elsewhere: readonly JudgedElsewhere[] = [
  {
    name: 'a write met the fence, because a facade slept over a change of owner',
    seen: '503 `OWNER_CHANGED` with `Retry-After`; nothing was written, the next try goes to the owner',
    file: 'facade/test/side-gone.test.ts',
    titles: [
      'says «try again» for a write that the fence refused, and sends the next one to the owner',
    ],
    todo: 'nothing',
  },
  {
    name: 'the token of Unleash is wrong, or missing',
    seen: 'exit 1, `UNLEASH_AUTH`; `status`: `flags not known: UNLEASH_AUTH`, `doctor` finds it, too',
    file: 'migration/test/cli.test.ts',
    titles: ['an Unleash that is not there, and a token that is not right'],
    todo: 'an admin token in `UNLEASH_ADMIN_TOKEN`',
  },
  {
    name: 'Ctrl-C in a long command',
    seen: 'exit 130; what holds is what held before, `status` tells nobody at work: no lease is left',
    file: 'migration/test/cli.test.ts',
    titles: ['Ctrl-C in a ramp leaves the percentage that held before'],
    todo: 'nothing: the same command again',
  },
  {
    name: 'a step of a ramp that no identity falls into',
    seen: 'exit 2, with the steps that fit; `status` tells how many identities were seen',
    file: 'migration/test/cli.test.ts',
    titles: ['walks from monolith to service and back on flags alone'],
    todo: 'the steps that the message proposes',
  },
  {
    name: 'the server gave the slot up, because it kept too much log',
    seen: '`SLOT_LOST`; before it, `status` says how much is left until then',
    file: 'migration/test/stream/given-up-slot.test.ts',
    titles: ['is SLOT_LOST when a stream is opened, and nothing of it is read'],
    todo: '`strangler replicate catalog --restart`, and a higher `max_slot_wal_keep_size`',
  },
  {
    name: 'the control database was restored from a backup',
    seen: '`CONTROL_FELL_BACK` from every command that works; `doctor` finds it under `owner and epoch`',
    file: 'migration/test/control-fell-back.test.ts',
    titles: ['is told by doctor, and brought back from the sides; everything goes on'],
    todo: '`strangler control restore catalog --from-sides --dry-run`',
  },
  {
    name: 'a transaction that does not end bars a cutover',
    seen: 'exit 1, `FENCE_TIMEOUT`, with the pid; the monolith goes on owning',
    file: 'migration/test/cutover-fence.test.ts',
    titles: ['gives up on a long transaction, names it, and leaves no fence on any table'],
    todo: 'end the transaction that is named, cut over again',
  },
];
