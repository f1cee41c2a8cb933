import type { Parts } from './assemble.ts';

/** Lets everything go that would keep the process or a connection alive. */
export async function release(
  { serving, flags, recorder, agents, forwarder, closeDuties }: Parts,
  withinMs = 1_000,
): Promise<void> {
  await flags.stop();
  serving.watch.stop();
  serving.names.stop();
  serving.tls?.stop();
  await serving.mirror.close();
  // the last spans are those of what was under way
  await Promise.all([
    serving.ownership.stop(),
    recorder.stop(),
    closeDuties(),
    serving.spans?.close(withinMs),
  ]);
  forwarder.close();
  agents.destroy();
}
