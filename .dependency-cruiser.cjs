// Which part may know which. test/architecture holds a fixture per rule that proves that the rule can fail.
const tests = '\\.test\\.ts$|/test/';
const example = '^(legacy-monolith|extracted/(?!service-kit/)[^/]+|contexts|demo)/';
const toolkit = '^(plan|facade|migration|contracts|extracted/service-kit)/';
const inputOutput =
  '^(node:)?(fs|net|http|https|http2|tls|dgram|dns|child_process|worker_threads|cluster)(/|$)|' +
  'node_modules/(pg|pg-copy-streams|kysely|undici|unleash-client|express|http-proxy-middleware|pino)/';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      severity: 'error',
      comment: 'Two modules that need each other are one module.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'every-import-resolves',
      severity: 'error',
      comment: 'An import that is not found would escape every other rule.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'toolkit-knows-no-example',
      severity: 'error',
      comment: "It must work for other people's monoliths.",
      from: { path: toolkit, pathNot: '^contracts/(consumers|pacts|test|storefront)/' },
      to: { path: example },
    },
    {
      name: 'monolith-imports-nothing-of-ours',
      severity: 'error',
      comment: 'A monolith knows nothing of the toolkit that takes it apart.',
      // Its pages ask the shop with the storefront's client: the example's, as they are.
      from: {
        path: '^legacy-monolith/',
        pathNot: `${tests}|^legacy-monolith/src/storefront/client\\.ts$`,
      },
      to: { path: `${toolkit}|${example}|^dev-stack/`, pathNot: '^legacy-monolith/' },
    },
    {
      name: 'pages-only-ask',
      severity: 'error',
      comment:
        'A browser has the script that the shop serves it, and what the pages take of the example is the client that they ask with.',
      from: { path: '^legacy-monolith/src/storefront/(assets/|client\\.ts$)' },
      to: {
        pathNot:
          '^legacy-monolith/src/storefront/assets/|^contracts/consumers/storefront/storefront-client\\.ts$',
      },
    },
    {
      name: 'clients-stand-alone',
      severity: 'error',
      comment: 'The clients of the shop run in a browser, and know nothing of the toolkit.',
      from: { path: '^contracts/consumers/(shop-api|[^/]+/[^/]+-client)\\.ts$' },
      to: { pathNot: '^contracts/consumers/shop-api\\.ts$' },
    },
    {
      name: 'consumers-know-no-toolkit',
      severity: 'error',
      comment:
        "Whoever uses the shop has never heard of its migration: a consumer's test needs its client and Pact.",
      from: { path: '^contracts/consumers/' },
      to: { path: `${toolkit}|^dev-stack/`, pathNot: '^contracts/consumers/' },
    },
    {
      name: 'services-import-only-the-kit',
      severity: 'error',
      comment: 'A service lives without the monolith, the facade and the migration.',
      from: { path: '^extracted/([^/]+)/', pathNot: tests },
      to: { path: `${toolkit}|${example}|^dev-stack/`, pathNot: '^extracted/(service-kit|$1)/' },
    },
    {
      name: 'contexts-only-define',
      severity: 'error',
      comment: 'A context file is data: facade and CLI load the same one.',
      from: { path: '^contexts/', pathNot: tests },
      to: { pathNot: '^contexts/|^plan/src/index\\.ts$' },
    },
    {
      name: 'facade-knows-no-migration',
      severity: 'error',
      comment: 'Facade and CLI share the plan and the control protocol: a package of their own.',
      from: { path: '^facade/', pathNot: tests },
      to: { path: '^migration/' },
    },
    {
      name: 'plan-through-exports',
      severity: 'error',
      comment: 'What the plan does not export is its own business.',
      // the reference of all settings reads the schema itself
      from: { pathNot: '^plan/|^scripts/reference\\.mjs$' },
      to: { path: '^plan/', pathNot: '^plan/src/(index|load|graphql|traces)\\.ts$' },
    },
    {
      name: 'plan-stands-alone',
      severity: 'error',
      comment:
        'Everybody shares it, so it may need nothing but zod; graphql who reads documents, OpenTelemetry who makes traces.',
      from: {
        path: '^plan/',
        pathNot:
          '/(load|edge-file|secret-source|tester-token|watch-folder|graphql)\\.ts$|^plan/src/traces|\\.test\\.ts$',
      },
      to: { pathNot: '^plan/|node_modules/zod/' },
    },
    {
      name: 'migration-knows-no-facade',
      severity: 'error',
      comment: 'They meet in the control database.',
      from: { path: '^migration/' },
      to: { path: '^facade/' },
    },
    {
      name: 'mapping-is-pure',
      severity: 'error',
      comment: 'Rules that can be tested with tables and properties.',
      from: {
        path: '^migration/src/mapping/',
        // These read catalogs.
        pathNot:
          '/(load[^/]*|crossing-keys|examine-mapping|refuse-(tables|servers|expressions|functions))\\.ts$|\\.test\\.ts$',
      },
      to: { path: inputOutput },
    },
    {
      name: 'nobody-imports-the-cli',
      severity: 'error',
      comment: 'cli → steps → phases; the CLI only parses, calls and prints.',
      from: { pathNot: `^migration/(src/cli|bin|dist)/|^scripts/reference\\.mjs$|${tests}` },
      to: { path: '^migration/src/cli/' },
    },
    {
      name: 'phases-know-no-steps',
      severity: 'error',
      comment: 'Steps put the phases together, never the other way round.',
      from: {
        path: '^migration/src/(database|findings|stream|copy|apply|verify|mapping|control|flags)/',
        pathNot: tests,
      },
      to: { path: '^migration/src/(steps|cli)/' },
    },
    {
      name: 'front-door-is-gated',
      severity: 'error',
      comment:
        'What the package exports are the steps, gates included; phases move data without asking.',
      from: { path: '^migration/src/(index|open-toolkit)\\.ts$' },
      to: {
        path: '^migration/src/',
        pathNot: '^migration/src/(open-toolkit\\.ts$|steps/|findings/)',
      },
    },
    {
      name: 'transports-behind-their-port',
      severity: 'error',
      comment: 'Who needs to know which transport it is, asks the transport instead.',
      from: { path: '^migration/src/', pathNot: `^migration/src/(stream|outbox)/|${tests}` },
      to: { path: '^migration/src/stream/(kafka|embedded)/', pathNot: '/kafka-settings\\.ts$' },
    },
    {
      name: 'proxy-knows-no-flags',
      severity: 'error',
      comment: 'Forwarding is the same whoever decided.',
      from: { path: '^facade/src/proxy/' },
      to: { path: '^facade/src/(flags|ownership|shadow)/' },
    },
    {
      name: 'shadow-never-in-the-way',
      severity: 'error',
      comment: 'What a client waits for does not know the shadow.',
      from: { path: '^facade/src/(proxy|resilience)/' },
      to: { path: '^facade/src/shadow/' },
    },
    {
      name: 'flag-providers-behind-their-port',
      severity: 'error',
      comment:
        'Another provider is one more room, chosen in one place; nobody else knows which one it is.',
      from: { pathNot: `^(facade|migration)/src/flags/|${tests}` },
      to: { path: '^(facade|migration)/src/flags/[^/]+/' },
    },
    {
      name: 'no-dev-stack-in-products',
      severity: 'error',
      comment: 'What starts servers for tests and the demo is not for production.',
      from: {
        path: '^(plan|facade|migration|contracts|extracted|legacy-monolith|contexts)/',
        pathNot: tests,
      },
      to: { path: '^dev-stack/' },
    },
    {
      name: 'tracing-sdk-behind-its-flag',
      severity: 'error',
      comment:
        'Products know the API; the SDK is loaded by who is told of a collector, in one place.',
      from: { path: toolkit, pathNot: `^plan/src/traces/|${tests}` },
      to: { path: 'node_modules/@opentelemetry/(?!api/)' },
    },
    {
      name: 'unleash-server-in-its-own-process',
      severity: 'error',
      comment: 'AGPL: it is started, never linked.',
      from: { pathNot: '^dev-stack/src/unleash-server\\.mjs$|node_modules' },
      to: { path: 'node_modules/unleash-server/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(?!.*node_modules/).*/dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['strangler-source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
  },
};
