import { createServer, type Server } from 'node:http';
import { type MigrationDefinition, type Side, statusOf } from '@strangler-toolkit/plan';
import { type Logger, pino } from 'pino';
import { lookUp, realSources } from '../addresses/look-up.ts';
import { Names } from '../addresses/names.ts';
import { OwnAccount } from '../addresses/own-account.ts';
import { wayTo } from '../addresses/targets.ts';
import { adminApp } from '../admin/admin-app.ts';
import { Shedding } from '../admission/shedding.ts';
import { Strangers } from '../admission/strangers.ts';
import { defaultLimits } from '../config/limits.ts';
import type { FacadeOptions } from '../config/options.ts';
import { settings } from '../config/settings.ts';
import { AnswerCache } from '../edge/answer-cache.ts';
import { defaultCacheBytes } from '../edge/cache-rules.ts';
import { edgeTls } from '../edge/edge-tls.ts';
import { edgeRules } from '../edge/load-edge.ts';
import { openDuties } from '../edge/open-duties.ts';
import { Testers } from '../edge/testers.ts';
import { refuseUnknownRoutes } from '../edge/which-routes.ts';
import { type ClientServer, clientServer } from '../entrance/client-server.ts';
import { Documents } from '../graphql/documents.ts';
import { LateFlags } from '../flags/late-flags.ts';
import { controlFlags, type ControlFlagReader } from '../flags/open-flag-reader.ts';
import { Ownership } from '../ownership/ownership.ts';
import { Deadlines } from '../proxy/deadlines.ts';
import { openForwarder, type OpenForwarder } from '../proxy/open-forwarder.ts';
import { statusThrough } from '../proxy/ask-once.ts';
import { trustedPeers } from '../proxy/peer.ts';
import { type Breaker, upstreamBreaker } from '../resilience/breaker.ts';
import { type UpstreamAgents, upstreamAgents } from '../resilience/upstream-agents.ts';
import { Upstreams } from '../resilience/upstreams.ts';
import { UpstreamWatch } from '../resilience/upstream-watch.ts';
import { type Claims, claimsOf } from '../serving/claim.ts';
import { RunningPlan } from '../serving/running-plan.ts';
import type { Serving } from '../serving/serving.ts';
import { dataKinds, hostsOf, monolithsOf, saidOf, watchedOf } from './plan-parts.ts';
import { recordedMirror } from '../shadow/recorded-mirror.ts';
import { facadeMetrics, type Metrics } from '../telemetry/metrics.ts';
import { accessLogOf } from '../telemetry/open-log.ts';
import { Recorder } from '../telemetry/recorder.ts';
import { Spans } from '../telemetry/spans/spans.ts';
import { StandIns } from '../telemetry/stand-ins.ts';
import { noteIdentity } from '../telemetry/identities-seen.ts';
import { noteTry } from '../telemetry/route-stats.ts';

export type Phase = 'starting' | 'serving' | 'draining';

/** A facade's parts, put together and not running. */
export interface Parts {
  readonly serving: Serving;
  readonly clients: ClientServer;
  readonly admin: Server;
  readonly flags: LateFlags;
  readonly claimsFor: (wanted: readonly MigrationDefinition[], before?: Claims) => Claims;
  readonly controlFlags: ControlFlagReader | undefined;
  readonly recorder: Recorder;
  readonly agents: UpstreamAgents;
  readonly forwarder: OpenForwarder;
  readonly closeDuties: () => Promise<void>;
  phase: Phase;
}

const watchedBreaker =
  (metrics: Metrics, log: Logger) =>
  (context: string, side: Side): Breaker =>
    upstreamBreaker((state) => {
      metrics.breaker.set({ context, side }, state === 'closed' ? 0 : 1);
      log.warn({ context, side, state }, 'breaker');
    });

/** @throws StranglerError CONFIG_INVALID for conflicting routes, CONFIG_ENV_MISSING for an address that is not set */
export function assemble(options: FacadeOptions): Parts {
  const { controlUrl, name, stateDir } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const log = options.log ?? pino({ level: 'silent' });
  const definitions = [...options.contexts];
  const metrics = facadeMetrics();
  const breaker = watchedBreaker(metrics, log);
  const env = options.env ?? process.env;
  const edge = options.edge && edgeRules(options.edge);
  const tls = edge && edgeTls(edge, log);
  const { monolithUrl } = options;
  const duties =
    edge &&
    openDuties(edge, { metrics, log, monolithUrl, name, controlUrl, env, agents: () => agents });
  const claimsFor = (wanted: readonly MigrationDefinition[], before?: Claims): Claims => {
    const claims = claimsOf({
      definitions: wanted,
      env,
      breaker,
      ...(before && { before }),
      ...(duties && { dutiesOf: duties.of }),
    });
    const routes = claims.all.map(({ route }) => route);
    if (edge) refuseUnknownRoutes(edge, routes);
    return claims;
  };
  const spans =
    options.traces &&
    new Spans({ ratio: settings.tracesRatio.standard, ...options.traces, name, metrics, log });
  const plan = new RunningPlan(definitions, claimsFor(definitions));
  const trusted = trustedPeers(options.trustedProxies ?? []);
  const strangers = new Strangers(log);
  const standIns = new StandIns();
  const flags = new LateFlags();
  const ownFlags = controlFlags(options, limits, (problem) => log.warn({ problem }, 'flags'));
  const ownership = new Ownership({
    controlUrl,
    name,
    stateDir,
    limits,
    log,
    declared: dataKinds(definitions),
    detail: () => ({
      pid: process.pid,
      ...(options.processes && options.processes > 1 && { processes: options.processes }),
      untrustedProxies: [...strangers.all],
      flags: flags.status().source,
      ...(names.unknown && { unknownNames: names.unknown }),
      plans: plan.plans,
      ...(standIns.recent && { standIns: standIns.recent }),
    }),
    // a database that tells older owners than are known tells older flags as well
    ...(ownFlags && {
      alsoLook: async (client) => {
        const trusted = (): boolean => ownership.regressed.length === 0;
        const take = trusted() ? await ownFlags.look(client) : undefined;
        return take && (() => trusted() && take());
      },
    }),
  });
  const recorder = new Recorder({
    url: controlUrl,
    name,
    flushMs: limits.flushMs,
    onDrop: (kind, count) => metrics.statsDropped.inc({ kind }, count),
  });
  const { upstreamConnections: connections, headerBytes, connectMs } = limits;
  const forUpstreams = tls ? { tls: (address: string) => tls.upstream(address) } : {};
  const lenientTo =
    options.lenientMonolith === true ? [options.monolithUrl, ...monolithsOf(plan.claims)] : [];
  const sources = realSources(options.dnsServers ?? []);
  const names = new Names({
    lookUp: (host) => lookUp(sources, host),
    close: () => sources.close(),
    everyMs: limits.dnsMs,
    onChange(host, addresses) {
      log.info({ name: host, addresses }, 'addresses');
      upstreams.refresh();
      forwarder.keep(upstreams.endpoints);
    },
    onProblem: (host, problem) =>
      problem === undefined
        ? log.info({ name: host }, 'a name can be looked up again')
        : log.warn({ name: host, problem }, 'a name cannot be looked up: its last addresses stay'),
  });
  names.want(hostsOf(plan.claims, monolithUrl));
  const own = new OwnAccount((host) => names.of(host));
  const onUnreachable = (upstream: string): void => upstreams.suspect(upstream);
  const agents = upstreamAgents({
    connections,
    headerBytes,
    lenientTo,
    lookup: own.lookup,
    ownTo: (url) => own.endpoint(url),
    onUnreachable,
    ...forUpstreams,
  });
  const deadlines = new Deadlines();
  const upstreams = new Upstreams(
    { atATime: connections, waiting: limits.upstreamMaxWaiting },
    (upstream, { endpoint: { url: instance, at }, state }) =>
      log.warn({ upstream, instance, ...(at && { address: at.addresses[0] }), state }, 'instance'),
    names,
  );
  upstreams.use(saidOf(plan.claims));
  const forwarder = openForwarder(options.forwarder ?? settings.forwarder.standard, {
    agents,
    deadlines,
    limits: { connections, headerBytes, connectMs, onUnreachable, ...forUpstreams },
    upstreams,
    waitMs: limits.upstreamWaitMs,
    spans,
  });
  /** On the control database's clock. */
  const whenAsked = (seconds: number): { readonly started: number; readonly ended: number } => {
    const ended = Date.now() + (ownership.link?.clockOffsetMs ?? 0);
    return { started: ended - seconds * 1_000, ended };
  };
  const noteRead: Serving['noteWrite'] = (asked, seconds) =>
    recorder.reads.add({ ...asked, ...whenAsked(seconds) });
  const serving: Serving = {
    get claims() {
      return plan.claims;
    },
    plan,
    cache: edge?.cache && new AnswerCache(edge.cacheMaxBytes ?? defaultCacheBytes),
    answersPreflights: edge?.cors !== undefined,
    unclaimedDuties: duties?.of(undefined),
    sessions: duties?.sessions,
    testers: edge?.testers && new Testers(edge.testers, { metrics, env }),
    monolithUrl,
    ownership,
    flags,
    forwarder: forwarder.forwarder,
    documents: new Documents(),
    upstreams,
    shedding: new Shedding(limits.maxInFlight),
    deadlines,
    mirror: recordedMirror({
      agents,
      recorder,
      metrics,
      limits,
      log,
      spans,
      epochOf: (context) => ownership.states.get(context).epoch,
      serves: (route) => plan.claims.all.some((claim) => claim.route === route),
    }),
    watch: new UpstreamWatch(
      watchedOf(plan.claims),
      limits.healthMs,
      tls
        ? (address) => statusThrough(agents, address)
        : (address) => {
            const to = own.endpoint(new URL(address));
            return statusOf(address, { lookup: own.lookup, ...(to && wayTo(to)) });
          },
    ),
    names,
    tls,
    metrics,
    standIns,
    limits,
    log,
    accessLog: accessLogOf(log),
    spans,
    debugHeaders: options.debugHeaders ?? false,
    trusted,
    strangers,
    noteWho: (context, { identity, sticky }) => {
      const share = sticky === undefined ? undefined : flags.shareOf(context, sticky);
      const now = Date.now() + (ownership.link?.clockOffsetMs ?? 0);
      noteIdentity(recorder.identities, { context, identity, share }, now);
    },
    noteUnclaimed: (method, path) => {
      if (controlUrl !== undefined) recorder.unclaimed.add({ method, path, requests: 1 });
    },
    noteWrite: (asked, seconds) => {
      if (controlUrl !== undefined) recorder.writes.add({ ...asked, ...whenAsked(seconds) });
    },
    get noteRead() {
      return recorder.auditStands ? noteRead : null;
    },
    noteTry: (tried) =>
      noteTry(recorder.stats, {
        ...tried,
        now: Date.now() + (ownership.link?.clockOffsetMs ?? 0),
      }),
  };
  const parts: Parts = {
    serving,
    clients: clientServer(serving, () => parts.phase === 'draining'),
    admin: createServer(
      adminApp(serving, { serves: () => parts.phase === 'serving', token: options.adminToken }),
    ),
    flags,
    claimsFor,
    controlFlags: ownFlags,
    recorder,
    agents,
    forwarder,
    closeDuties: async () => duties?.close(),
    phase: 'starting',
  };
  return parts;
}
