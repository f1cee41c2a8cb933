/** Variables of the image apache/kafka that are for Java and its scripts. */
const noSetting = new Set([
  'KAFKA_HEAP_OPTS',
  'KAFKA_OPTS',
  'KAFKA_JMX_OPTS',
  'KAFKA_LOG4J_ROOT_LOGLEVEL',
]);

/** The broker settings that the image makes of a container's environment: one underscore is a dot, two are one, three are a dash. */
export function brokerSettings(
  environment: Readonly<Record<string, string | number>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment)
      .filter(([name]) => name.startsWith('KAFKA_') && !noSetting.has(name))
      .map(([name, value]) => [
        name
          .slice('KAFKA_'.length)
          .toLowerCase()
          .replaceAll('_', '.')
          .replaceAll('...', '-')
          .replaceAll('..', '_'),
        String(value),
      ]),
  );
}
