/** Variables of Debezium's image that its entrypoint turns into a worker setting, over whatever CONNECT_… says. */
const own: Readonly<Record<string, string>> = {
  BOOTSTRAP_SERVERS: 'bootstrap.servers',
  GROUP_ID: 'group.id',
  CONFIG_STORAGE_TOPIC: 'config.storage.topic',
  OFFSET_STORAGE_TOPIC: 'offset.storage.topic',
  STATUS_STORAGE_TOPIC: 'status.storage.topic',
  KEY_CONVERTER: 'key.converter',
  VALUE_CONVERTER: 'value.converter',
  OFFSET_FLUSH_INTERVAL_MS: 'offset.flush.interval.ms',
  OFFSET_FLUSH_TIMEOUT_MS: 'offset.flush.timeout.ms',
  SHUTDOWN_TIMEOUT: 'task.shutdown.graceful.timeout.ms',
  ADVERTISED_HOST_NAME: 'rest.advertised.host.name',
  ADVERTISED_PORT: 'rest.advertised.port',
};
/** What the entrypoint reads for itself or for Java. */
const noSetting = new Set(['HEAP_OPTS', 'KAFKA_OPTS', 'LOG_LEVEL']);

/** The worker settings that quay.io/debezium/connect makes of a container's environment. */
export function connectSettings(
  environment: Readonly<Record<string, string | number>>,
): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    const bare = name.replace(/^CONNECT_/, '');
    if (name.startsWith('CONNECT_')) {
      if (bare in own) throw new Error(`${name} is overwritten by the image: use ${bare}`);
      settings[bare.toLowerCase().replaceAll('_', '.')] = String(value);
    } else if (own[name]) settings[own[name]] = String(value);
    else if (!noSetting.has(name)) throw new Error(`the image does not know ${name}`);
  }
  return settings;
}

export function parseProperties(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split('\n')
      .filter((line) => /^[a-z]/.test(line))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}
