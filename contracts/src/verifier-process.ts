import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { verifyNatively } from './native-verifier.ts';
import { openStateDoor, type StateDoor } from './state-door.ts';
import {
  replyMark,
  type VerifierReply,
  type VerifierSettings,
  type VerifierTask,
} from './verifier-protocol.ts';

async function verify(
  { provider, url, timeoutMs }: VerifierSettings,
  door: StateDoor,
  { file, states }: VerifierTask,
): Promise<VerifierReply> {
  door.use(states);
  const outcome = await verifyNatively({
    provider,
    providerBaseUrl: url,
    pactUrls: [file],
    providerStatesSetupUrl: door.url,
    timeout: timeoutMs,
  }).then(
    () => ({ ok: true }),
    (error: unknown) => ({
      ok: false,
      message: error instanceof Error ? error.message : String(error),
    }),
  );
  const notEntered = door.refusal();
  return notEntered === undefined ? outcome : { ...outcome, ok: false, notEntered };
}

let working: { readonly settings: VerifierSettings; readonly door: StateDoor } | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  // Written by the parent process, which is this package.
  const message = JSON.parse(line) as VerifierSettings | VerifierTask;
  if (working === undefined) {
    const settings = message as VerifierSettings;
    working = { settings, door: await openStateDoor() };
    continue;
  }
  const reply = await verify(working.settings, working.door, message as VerifierTask);
  if (!process.stdout.write(`\n${replyMark}${JSON.stringify(reply)}\n`))
    await once(process.stdout, 'drain');
}
