import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Verifier } from '@pact-foundation/pact';
import { enterState } from './provider-states.ts';
import {
  replyMark,
  type VerifierReply,
  type VerifierSettings,
  type VerifierTask,
} from './verifier-protocol.ts';

async function verify(settings: VerifierSettings, task: VerifierTask): Promise<VerifierReply> {
  let notEntered: string | undefined;
  const handlers = Object.fromEntries(
    task.states.map((state) => [
      state,
      async (params: unknown) => {
        try {
          // pact-js types what a state returns as JSON of its own.
          return (await enterState(settings.states, state, Object(params))) as Record<
            string,
            never
          >;
        } catch (error) {
          notEntered ??= `"${state}": ${error instanceof Error ? error.message : String(error)}`;
          throw error;
        }
      },
    ]),
  );
  try {
    await new Verifier({
      provider: settings.provider,
      providerBaseUrl: settings.url,
      pactUrls: [task.file],
      timeout: settings.timeoutMs,
      logLevel: 'error',
      stateHandlers: handlers,
    }).verifyProvider();
    return notEntered === undefined ? { ok: true } : { ok: false, notEntered };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, message, ...(notEntered !== undefined && { notEntered }) };
  }
}

let settings: VerifierSettings | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  // Written by the parent process, which is this package.
  const message = JSON.parse(line) as VerifierSettings | VerifierTask;
  if (settings === undefined) {
    settings = message as VerifierSettings;
    continue;
  }
  const reply = await verify(settings, message as VerifierTask);
  if (!process.stdout.write(`\n${replyMark}${JSON.stringify(reply)}\n`))
    await once(process.stdout, 'drain');
}
