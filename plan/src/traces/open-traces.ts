import type { TracerProvider } from '@opentelemetry/api';
import { Outlet, type OutletOptions } from './outlet.ts';
import { followOrigin } from './sampling.ts';

export interface TracesOptions extends Omit<OutletOptions, 'limit'> {
  /** Of a collector that takes OTLP over HTTP; `/v1/traces` follows. */
  readonly url: string;
  /** Share of the traces begun here that are told, 0 to 1; others go by what their origin decided. */
  readonly ratio: number;
  /** `service.name`, unless OTEL_SERVICE_NAME says it. */
  readonly service: string;
  /** `service.instance.id` */
  readonly instance: string;
  /** Spans that may wait or be under way (default 4,096); more are dropped and counted. */
  readonly limit?: number;
  /** Longest time between a span's end and its sending (default 1,000 milliseconds). */
  readonly delayMs?: number;
}

export interface OpenTraces {
  readonly provider: TracerProvider;
  /** Sends what waits, for no longer than this. */
  close(withinMs: number): Promise<void>;
}

const exportMs = 5_000;
const batch = 512;
/** `key=value,…` as OTEL_RESOURCE_ATTRIBUTES has it. */
const pairs = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split(',')
      .map((pair) => pair.split('='))
      .flatMap(([key = '', ...value]) =>
        key.trim() === '' || value.length === 0 ? [] : [[key.trim(), value.join('=').trim()]],
      ),
  );

/**
 * The OpenTelemetry SDK, which is loaded here and nowhere else: who wants no traces does not pay for it. A collector that is
 * away costs spans and nothing besides.
 */
export async function openTraces(options: TracesOptions): Promise<OpenTraces> {
  const [{ OTLPTraceExporter }, { resourceFromAttributes }, sdk] = await Promise.all([
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace'),
  ]);
  const { url, ratio, service, instance, limit = 4_096, delayMs = 1_000 } = options;
  const outlet = new Outlet({ ...options, limit });
  const exporter = new OTLPTraceExporter({
    url: `${url.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: exportMs,
  });
  const batches = new sdk.BatchSpanProcessor({
    exporter: outlet.exporter(exporter),
    // the outlet counts what does not fit
    maxQueueSize: limit,
    maxExportBatchSize: Math.min(batch, limit),
    scheduledDelayMillis: delayMs,
    exportTimeoutMillis: exportMs * 2,
  });
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({
      'service.name': process.env.OTEL_SERVICE_NAME || service,
      'service.instance.id': instance,
      ...pairs(process.env.OTEL_RESOURCE_ATTRIBUTES ?? ''),
    }),
    sampler: followOrigin(new sdk.TraceIdRatioBasedSampler(ratio)),
    spanLimits: { attributeValueLengthLimit: 1_024, attributeCountLimit: 64 },
    spanProcessors: [outlet.processor(batches)],
  });
  return {
    provider,
    async close(withinMs) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs)));
      await Promise.race([provider.shutdown().catch(() => {}), late]);
      clearTimeout(timer);
    },
  };
}
