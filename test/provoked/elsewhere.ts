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
    name: 'the token of Unleash is wrong, or missing',
    seen: 'exit 1, `UNLEASH_AUTH`; `status`: `flags not known: UNLEASH_AUTH`, `doctor` finds it, too',
    file: 'migration/test/cli.test.ts',
    titles: ['an Unleash that is not there, and a token that is not right'],
    todo: 'an admin token in `UNLEASH_ADMIN_TOKEN`',
  },
  {
    name: 'a step of a ramp that no identity falls into',
    seen: 'exit 2, with the steps that fit; `status` tells how many identities were seen',
    file: 'migration/test/cli.test.ts',
    titles: ['walks from monolith to service and back on flags alone'],
    todo: 'the steps that the message proposes',
  },
  {
    name: 'the control database was restored from a backup',
    seen: '`CONTROL_FELL_BACK` from every command that works; `doctor` finds it under `owner and epoch`',
    file: 'migration/test/control-fell-back.test.ts',
    titles: ['is told by doctor, and brought back from the sides; everything goes on'],
    todo: '`strangler control restore catalog --from-sides --dry-run`',
  },
];
