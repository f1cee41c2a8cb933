import type { Environment } from '@strangler-toolkit/plan';

/** Of what is built, as far as the pipeline says it. */
export interface BuildSource {
  /** Whether a pipeline runs this at all. */
  readonly ci: boolean;
  readonly commit?: string;
  readonly branch?: string;
  readonly buildUrl?: string;
}

type Read = (env: Environment) => readonly (string | undefined)[];

/** Of a change the branch that it comes from, before the one that it goes to or that was made for it. */
const branches: Read = (env) => [
  env.GITHUB_HEAD_REF,
  env.GITHUB_REF_TYPE === 'branch' ? withoutMerge(env.GITHUB_REF_NAME) : undefined,
  env.CI_MERGE_REQUEST_SOURCE_BRANCH_NAME,
  env.CI_COMMIT_BRANCH,
  env.CHANGE_BRANCH,
  env.BRANCH_NAME,
  env.GIT_BRANCH?.replace(/^(?:refs\/remotes\/)?origin\//, ''),
  env.CIRCLE_BRANCH,
  env.BUILDKITE_BRANCH,
  env.BITBUCKET_BRANCH,
  env.TRAVIS_PULL_REQUEST_BRANCH,
  env.TRAVIS_BRANCH,
  env.SYSTEM_PULLREQUEST_SOURCEBRANCH?.replace(/^refs\/heads\//, ''),
  env.BUILD_SOURCEBRANCH?.startsWith('refs/heads/')
    ? env.BUILD_SOURCEBRANCH.slice('refs/heads/'.length)
    : undefined,
];

const withoutMerge = (name: string | undefined): string | undefined =>
  name !== undefined && /^\d+\/merge$/.test(name) ? undefined : name;

const commits: Read = (env) => [
  env.GITHUB_SHA,
  env.CI_COMMIT_SHA,
  env.GIT_COMMIT,
  env.CIRCLE_SHA1,
  env.BUILDKITE_COMMIT,
  env.BITBUCKET_COMMIT,
  env.TRAVIS_COMMIT,
  env.BUILD_SOURCEVERSION,
];

const builds: Read = (env) => [
  env.GITHUB_REPOSITORY && env.GITHUB_RUN_ID
    ? `${env.GITHUB_SERVER_URL ?? 'https://github.com'}/${env.GITHUB_REPOSITORY}/actions/runs/${env.GITHUB_RUN_ID}`
    : undefined,
  env.CI_JOB_URL,
  env.CI_PIPELINE_URL,
  env.BUILD_URL,
  env.CIRCLE_BUILD_URL,
  env.BUILDKITE_BUILD_URL,
  env.BITBUCKET_REPO_FULL_NAME && env.BITBUCKET_BUILD_NUMBER
    ? `https://bitbucket.org/${env.BITBUCKET_REPO_FULL_NAME}/pipelines/results/${env.BITBUCKET_BUILD_NUMBER}`
    : undefined,
  env.TRAVIS_BUILD_WEB_URL,
];

const first = (read: Read, env: Environment): string | undefined =>
  read(env).find((value) => value !== undefined && value !== '');

/** GitHub, GitLab, Jenkins, CircleCI, Buildkite, Bitbucket, Travis, Azure: what their variables say. */
export function buildSource(env: Environment): BuildSource {
  const [branch, commit, buildUrl] = [
    first(branches, env),
    first(commits, env),
    first(builds, env),
  ];
  const named = env.CI !== undefined && !['', '0', 'false'].includes(env.CI.toLowerCase());
  return {
    ci:
      named || [env.JENKINS_URL, env.TF_BUILD].some((value) => value !== undefined && value !== ''),
    ...(commit !== undefined && { commit }),
    ...(branch !== undefined && { branch }),
    ...(buildUrl !== undefined && { buildUrl }),
  };
}
