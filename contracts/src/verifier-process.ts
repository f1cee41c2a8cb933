import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { causeOf } from './cause-of.ts';
import type { MessageWatch } from './message-source.ts';
import { verifyNatively } from './native-verifier.ts';
import { messagePath, openStateDoor, type StateDoor } from './state-door.ts';
import { watchMessages } from './watch-messages.ts';
import {
  replyMark,
  type VerifierReply,
  type VerifierSettings,
  type VerifierTask,
} from './verifier-protocol.ts';

async function verify(
  { provider, url, timeoutMs }: VerifierSettings,
  door: StateDoor,
  { file, states, message }: VerifierTask,
): Promise<VerifierReply> {
  let watch: MessageWatch | undefined;
  try {
    watch = message && (await watchMessages(message.source));
  } catch (error) {
    return { ok: false, silent: causeOf(error) };
  }
  door.use({ states, message: watch && message && (() => watch.newest(message.type)) });
  try {
    const outcome = await verifyNatively({
      provider,
      providerBaseUrl: url,
      pactUrls: [file],
      providerStatesSetupUrl: door.url,
      transports: message ? [{ protocol: 'message', port: door.port, path: messagePath }] : [],
      timeout: timeoutMs,
    }).then(
      () => ({ ok: true }),
      (error: unknown) => ({ ok: false, message: wordsOf(error) }),
    );
    const { notEntered, unpublished, silent } = door.failures();
    if (notEntered !== undefined) return { ...outcome, ok: false, notEntered };
    if (silent !== undefined) return { ok: false, silent };
    if (unpublished !== undefined) return { ok: false, message: unpublished, unpublished: true };
    return outcome;
  } finally {
    await watch?.close();
  }
}

const wordsOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

let working: { readonly settings: VerifierSettings; readonly door: StateDoor } | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  // Written by the parent process, which is this package.
  const message = JSON.parse(line) as VerifierSettings | VerifierTask;
  if (working === undefined) {
    const settings = message as VerifierSettings;
    working = { settings, door: await openStateDoor() };
    continue;
  }
  const reply = await verify(working.settings, working.door, message as VerifierTask).catch(
    (error: unknown): VerifierReply => ({ ok: false, message: wordsOf(error) }),
  );
  if (!process.stdout.write(`\n${replyMark}${JSON.stringify(reply)}\n`))
    await once(process.stdout, 'drain');
}
