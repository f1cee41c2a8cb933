import {
  type ConnectServer,
  type KafkaServer,
  type PostgresServer,
  startConnect,
  startKafka,
  startPostgres,
} from '@strangler-toolkit/dev-stack';

/** Everything that a test of this folder may kill; the control database lies on the shared server. */
export interface Servers {
  readonly broker: KafkaServer;
  readonly connect: ConnectServer;
  readonly source: PostgresServer;
  readonly target: PostgresServer;
  stop(): Promise<void>;
}

export async function startServers(): Promise<Servers> {
  const stops: (() => Promise<unknown>)[] = [];
  const keep = <T extends { stop(): Promise<unknown> }>(server: T): T => {
    stops.unshift(() => server.stop());
    return server;
  };
  const stop = async (): Promise<void> => {
    for (const end of stops) await end().catch(() => undefined);
  };
  try {
    const [source, target, broker] = await Promise.all([
      startPostgres().then(keep),
      startPostgres().then(keep),
      startKafka().then(keep),
    ]);
    // What a test could not mend must not hold up the end: these servers' data goes with them.
    const connect = await startConnect({ brokers: broker.brokers });
    stops.unshift(async () => {
      await connect.crash();
      await connect.stop();
    });
    return { broker, connect, source, target, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
