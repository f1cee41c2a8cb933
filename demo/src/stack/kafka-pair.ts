import {
  startConnect,
  startKafka,
  type ConnectServer,
  type KafkaServer,
} from '@strangler-toolkit/dev-stack';

/** A broker and a Connect worker with Debezium. */
export interface KafkaPair {
  readonly broker: KafkaServer;
  readonly connect: ConnectServer;
  stop(): Promise<void>;
}

export async function startKafkaPair(): Promise<KafkaPair> {
  const broker = await startKafka();
  try {
    const connect = await startConnect({ brokers: broker.brokers });
    return {
      broker,
      connect,
      async stop() {
        // Nothing of it is needed again, so nothing has to be handed over.
        await connect.crash();
        await connect.stop();
        await broker.stop();
      },
    };
  } catch (error) {
    await broker.stop();
    throw error;
  }
}
