import type { Rig } from './rig.ts';

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly side: string | null;
}

/** A client of the facade who writes, reads back what was acknowledged to it, and keeps account. */
export class Traffic {
  /** Acknowledged minutes per day. */
  readonly ledger = new Map<string, number>();
  readonly problems: string[] = [];
  notes = 0;
  readonly #rig: Rig;
  #ended = false;
  #work: Promise<void> | undefined;

  constructor(rig: Rig) {
    this.#rig = rig;
  }

  begin(): void {
    this.#work = this.#run();
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#work;
  }

  async send(method: string, path: string, body?: object, user = 'E1'): Promise<Answer> {
    const response = await fetch(this.#rig.facade + path, {
      method,
      headers: { 'x-user': user, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text ? (JSON.parse(text) as Record<string, unknown>) : {},
      side: response.headers.get('x-strangler-served-by'),
    };
  }

  get acknowledged(): number {
    return [...this.ledger.values()].reduce((sum, minutes) => sum + minutes, 0);
  }

  /** Minutes per day as one side's database has them. */
  async sums(side: 'monolith' | 'service'): Promise<Map<string, number>> {
    const { env } = this.#rig;
    const rows =
      side === 'monolith'
        ? await this.#rig.sql(
            env.HR_DATABASE_URL!,
            `SELECT "workDay"::text AS day, "minutesWorked" AS minutes FROM "hr"."timeEntry" WHERE "employeeNo" = 'E1' AND "workDay" >= '2025-01-01'`,
          )
        : await this.#rig.sql(
            env.TIME_DATABASE_URL!,
            `SELECT on_day::text AS day, minutes FROM day_record WHERE staff_no = 'E1' AND on_day >= '2025-01-01'`,
          );
    return new Map(rows.map((row) => [String(row.day), Number(row.minutes)]));
  }

  /** Adds minutes to days of its own and notes to them, reads each back, until told to end. */
  async #run(): Promise<void> {
    for (let number = 0; !this.#ended; number++) {
      await this.#round(number);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async #round(number: number): Promise<void> {
    const { ledger, problems } = this;
    const day = `2025-02-${String(1 + (number % 28)).padStart(2, '0')}`;
    const path = `/staff/E1/days/${day}`;
    const known = ledger.get(day);
    const minutes = 1 + (number % 7);
    const answer =
      known === undefined
        ? await this.send('PUT', path, { minutesWorked: minutes })
        : number % 9 === 0
          ? await this.send('POST', `${path}/notes`, { noteText: `note ${number}` })
          : await this.send('POST', `${path}/add`, { minutes });
    if (answer.status >= 300)
      problems.push(`${path} answered ${answer.status} ${JSON.stringify(answer.body)}`);
    else if (answer.status === 201) this.notes++;
    else ledger.set(day, (known ?? 0) + minutes);
    const read = await this.send('GET', path);
    if (read.status !== 200 || read.body.minutesWorked !== ledger.get(day))
      problems.push(
        `${path} read ${read.status} ${String(read.body.minutesWorked)} from ${read.side}, acknowledged ${ledger.get(day)}`,
      );
    // many users: percentages stick to identities
    await this.send('GET', '/staff/E2/days', undefined, `E${number % 100}`);
  }
}

/** Texts that are equal when two accounts are. */
export const inOrder = (totals: ReadonlyMap<string, number>): string =>
  Array.from(totals, ([name, total]) => `${name} ${total}`)
    .toSorted()
    .join();
