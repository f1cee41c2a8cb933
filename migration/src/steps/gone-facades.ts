interface Instance {
  readonly name: string;
  readonly alive: boolean;
  readonly heartbeatAgeSeconds: number;
  readonly startedAgeSeconds: number;
}

/** Facades that are silent, but for those in whose place one of their name was started since. */
export function goneFacades<T extends Instance>(instances: readonly T[]): T[] {
  const free = new Set(instances.filter(({ alive }) => alive));
  return instances.filter((gone) => {
    if (gone.alive) return false;
    const instead = [...free].find(
      ({ name, startedAgeSeconds }) =>
        name === gone.name && startedAgeSeconds < gone.heartbeatAgeSeconds,
    );
    return instead === undefined || !free.delete(instead);
  });
}
