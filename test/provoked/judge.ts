import { expect } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import type { Check } from '../../migration/src/findings/check.ts';
import type { ContextStatus } from '../../migration/src/steps/status.ts';
import type { CliResult } from '../../migration/test/support/cli.ts';
import {
  type Answer,
  type Failure,
  type Fails,
  type Finding,
  pattern,
  type Words,
  wordsOf,
} from './failure.ts';
import type { Green, Looks } from './looks.ts';
import type { Stack } from './stack.ts';

interface ErrorDocument {
  readonly error: { readonly code: string; readonly message: string; readonly remedy: string };
}

/** What of a status is a state, without what only time and traffic change. */
const stateOf = (status: ContextStatus) => ({
  stage: status.stage,
  owner: status.owner,
  held: status.held,
  worker: status.worker && {
    alive: status.worker.workerAlive,
    failing: status.worker.detail.failing,
    notTaken: status.worker.detail.notTaken,
    code: status.worker.detail.code,
  },
  slot: status.stream && [status.stream.slot?.active, status.stream.problems],
  verified: status.verification?.ok,
  pacts: status.pacts && [status.pacts.monolith, status.pacts.service],
  sides: [status.sides.monolith.health.up, status.sides.service.health.up],
  deadLetters: status.deadLetters,
  flags: status.flags,
  flagsProblem: status.flagsProblem,
  facades: status.facades,
  working: status.working,
  gates: status.gates.map(({ gate, ok }) => [gate, ok]),
  next: [status.nextCommand, status.because],
});

async function lookAtStatus(stack: Stack): Promise<Looks['status']> {
  const { code, stdout, stderr } = await stack.type(['status', 'catalog', '--json']);
  return code === 0 ? stateOf(JSON.parse(stdout) as ContextStatus) : stderr;
}

async function lookForWrong(stack: Stack): Promise<Looks['wrong']> {
  const doctor = await stack.type(['doctor', 'catalog', '--json']);
  return doctor.code === 0 ? [] : (checksOf(doctor).filter(({ ok }) => !ok) ?? doctor.stderr);
}

const checksOf = ({ stdout }: CliResult): Check[] =>
  (JSON.parse(stdout) as { checks?: Check[] }).checks ?? [];

/** Waits until it holds; if it does not come to, says what was there instead. */
async function comes<T>(probe: () => Promise<T>, holds: (seen: T) => void): Promise<void> {
  let seen: T | undefined;
  try {
    await until(
      'what is expected is shown',
      async () => {
        seen = await probe();
        try {
          holds(seen);
          return true;
        } catch {
          return false;
        }
      },
      { withinMs: 60_000, everyMs: 500 },
    );
  } catch (error) {
    if (seen === undefined) throw error;
    holds(seen);
  }
}

/** One after the other: what waits for the one need not ask for the other, too. */
async function comesTo(stack: Stack, { status, wrong }: Partial<Looks>): Promise<void> {
  if (status !== undefined)
    await comes(
      () => lookAtStatus(stack),
      (now) => expect(now).toEqual(status),
    );
  if (wrong !== undefined)
    await comes(
      () => lookForWrong(stack),
      (now) => expect(now).toEqual(wrong),
    );
}

/** One JSON document with the error, which stderr tells a person as well. */
function judgeError(
  result: CliResult,
  { code, says, remedy }: { code: string; says: string; remedy?: string },
): void {
  const { error } = JSON.parse(result.stdout) as ErrorDocument;
  expect(error).toMatchObject({
    code,
    message: expect.stringMatching(pattern(says)),
    remedy: expect.stringMatching(remedy === undefined ? /\w/ : pattern(remedy)),
  });
  // what the parser says of usage is its own sentence
  if (code !== 'USAGE')
    expect(result.stderr).toContain(`${error.code}: ${error.message}\n${error.remedy}`);
}

async function judgeAnswer(stack: Stack, answer: Answer): Promise<void> {
  if ('ask' in answer) {
    const [method = '', path = ''] = answer.ask.split(' ');
    await comes(
      () =>
        answer.asked?.(stack) ??
        stack.ask(method, path, { port: answer.at && stack.applications[answer.at].port }),
      ({ status, headers, body }) => {
        expect([status, body]).toEqual([
          answer.status,
          expect.stringMatching(pattern(answer.says)),
        ]);
        for (const [name, words] of Object.entries(answer.headers ?? {}))
          expect(`${name}: ${headers.get(name)}`).toMatch(pattern(`${name}: ${words}`));
        if (answer.code !== null)
          expect(JSON.parse(body)).toMatchObject({ code: answer.code, status: answer.status });
      },
    );
    return;
  }
  if ('start' in answer) {
    const { code, stderr } = await stack.runFacade(answer.env);
    expect([code, stderr]).toEqual([answer.exit, expect.stringMatching(pattern(answer.says))]);
    expect(stderr).toMatch(new RegExp(`^${answer.code}: .+\\n +\\S`));
    return;
  }
  const words = wordsOf(answer.type);
  const isSaid = ({ code, stdout, stderr }: CliResult): void =>
    expect([stdout + stderr, code]).toEqual([
      expect.stringMatching(pattern(answer.says)),
      answer.exit,
    ]);
  const once = answer.once ?? answer.interrupt !== undefined;
  if (!once) await comes(() => stack.type(words), isSaid);
  const asked = [...words, '--json'];
  const json = await (answer.interrupt
    ? stack.interrupted(asked, () => answer.interrupt?.(stack))
    : stack.type(asked));
  if (once) isSaid(json);
  expect([json.code, json.stdout]).toEqual([answer.exit, expect.stringMatching(/^[[{]/)]);
  if (answer.code === null) JSON.parse(json.stdout);
  else judgeError(json, { ...answer, code: answer.code });
}

async function judgeFails(
  stack: Stack,
  command: string,
  { exit, fails, says }: Fails,
): Promise<void> {
  const json = await stack.type([command, 'catalog', '--json']);
  expect([command, json.code, json.stdout]).toEqual([
    command,
    exit,
    expect.stringMatching(pattern(fails)),
  ]);
  judgeError(json, { code: fails, says });
}

async function judgeStatus(stack: Stack, status: readonly Words[], green: Green): Promise<void> {
  expect(status.filter((words) => pattern(words).test(green.text))).toEqual([]);
  await comes(
    () => stack.type(['status', 'catalog']),
    ({ code, stdout, stderr }) => {
      expect([code, stderr]).toEqual([0, '']);
      for (const words of status) expect(stdout).toMatch(pattern(words));
    },
  );
}

async function judgeDoctor(stack: Stack, doctor: readonly Finding[]): Promise<void> {
  const expected = doctor.map(({ check, actual, remedy }) =>
    expect.objectContaining({
      check: expect.stringMatching(pattern(check)),
      actual: expect.stringMatching(pattern(actual)),
      remedy: expect.stringMatching(pattern(remedy)),
    }),
  );
  await comes(
    () => stack.type(['doctor', 'catalog', '--json']),
    (result) => {
      expect(checksOf(result).filter(({ ok }) => !ok)).toEqual(expected);
      expect(result.code).toBe(1);
    },
  );
  const { stdout } = await stack.type(['doctor', 'catalog']);
  for (const { check, actual, remedy } of doctor)
    expect(stdout).toMatch(
      new RegExp(
        `✗ .*${pattern(check).source}.*\\n +expected: .+\\n +actual: +.*${pattern(actual).source}.*\\n +remedy: +.*${pattern(remedy).source}`,
      ),
    );
}

async function judgeLooks(stack: Stack, { status, doctor }: Failure, green: Green): Promise<void> {
  if ('fails' in status) await judgeFails(stack, 'status', status);
  else if (status.length > 0) await judgeStatus(stack, status, green);
  if ('fails' in doctor) await judgeFails(stack, 'doctor', doctor);
  else if (doctor.length > 0) await judgeDoctor(stack, doctor);
  const unharmed = (shown: Failure['status'] | Failure['doctor']): boolean =>
    !('fails' in shown) && shown.length === 0;
  await comesTo(stack, {
    ...(unharmed(status) && { status: green.looks.status }),
    ...(unharmed(doctor) && { wrong: [] }),
  });
}

/** Everything is right, and from here on this is what right looks like. */
export async function green(stack: Stack): Promise<void> {
  await comesTo(stack, { wrong: [] });
  stack.green = {
    looks: { status: await lookAtStatus(stack), wrong: [] },
    text: (await stack.must('status', 'catalog')).stdout,
  };
}

/** Provokes it, judges what people and programs are told, mends it, and wants everything as it was. */
export async function judge(stack: Stack, failure: Failure): Promise<'as before'> {
  const { green } = stack;
  if (!green) throw new Error('what is right was not looked at');
  try {
    await failure.provoke(stack);
    await judgeAnswer(stack, failure.answer);
    await failure.besides?.(stack);
    await judgeLooks(stack, failure, green);
  } finally {
    await failure.mend?.(stack);
  }
  if (failure.mend) await comesTo(stack, green.looks);
  return 'as before';
}
