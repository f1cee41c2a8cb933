import type { Parts } from './assemble.ts';

/** Lets everything go that would keep the process or a connection alive. */
export async function release({
  serving,
  flags,
  recorder,
  agents,
  forwarder,
  closeDuties,
}: Parts): Promise<void> {
  await flags.stop();
  serving.watch.stop();
  serving.names.stop();
  serving.tls?.stop();
  await serving.mirror.close();
  await Promise.all([serving.ownership.stop(), recorder.stop(), closeDuties()]);
  forwarder.close();
  agents.destroy();
}
