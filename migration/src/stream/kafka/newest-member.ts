import type { PartitionAssigner } from 'kafkajs';
import { loadKafkajs } from './kafka-client.ts';

/**
 * Gives every partition to the member that began last. The changes of one transaction lie in many partitions, so a context has
 * one reader at a time; the workers of its group stand by. A worker that was overtaken gets nothing.
 */
export function newestMember(began: number): PartitionAssigner {
  const { AssignerProtocol } = loadKafkajs();
  return ({ cluster }) => ({
    name: 'strangler-newest',
    version: 1,
    protocol: ({ topics }) => ({
      name: 'strangler-newest',
      metadata: AssignerProtocol.MemberMetadata.encode({
        version: 1,
        topics,
        userData: Buffer.from(String(began)),
      }),
    }),
    assign: async ({ members, topics }) => {
      const age = (metadata: Buffer): number =>
        Number(AssignerProtocol.MemberMetadata.decode(metadata)?.userData.toString() ?? 0);
      const newest = members.toSorted(
        (a, b) =>
          age(b.memberMetadata) - age(a.memberMetadata) || (a.memberId < b.memberId ? 1 : -1),
      )[0];
      const all = Object.fromEntries(
        topics.map((topic) => [
          topic,
          cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId),
        ]),
      );
      return members.map(({ memberId }) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: 1,
          assignment: memberId === newest?.memberId ? all : {},
          userData: Buffer.alloc(0),
        }),
      }));
    },
  });
}
