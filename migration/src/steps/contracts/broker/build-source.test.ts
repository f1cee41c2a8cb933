import { expect, test } from '@jest/globals';
import { buildSource } from './build-source.ts';

test.each<[string, Record<string, string>, object]>([
  ['nobody', {}, { ci: false }],
  ['CI=false', { CI: 'false' }, { ci: false }],
  ['CI=0', { CI: '0' }, { ci: false }],
  ['CI=', { CI: '' }, { ci: false }],
  [
    'GitHub, a push',
    {
      CI: 'true',
      GITHUB_SHA: 'abc',
      GITHUB_HEAD_REF: '',
      GITHUB_REF_TYPE: 'branch',
      GITHUB_REF_NAME: 'main',
      GITHUB_SERVER_URL: 'https://github.example.com',
      GITHUB_REPOSITORY: 'shop/catalog',
      GITHUB_RUN_ID: '7',
    },
    {
      ci: true,
      commit: 'abc',
      branch: 'main',
      buildUrl: 'https://github.example.com/shop/catalog/actions/runs/7',
    },
  ],
  [
    'GitHub, a pull request: the branch that it comes from',
    {
      CI: 'true',
      GITHUB_HEAD_REF: 'feat/x',
      GITHUB_REF_TYPE: 'branch',
      GITHUB_REF_NAME: '12/merge',
    },
    { ci: true, branch: 'feat/x' },
  ],
  [
    'GitHub, a merge that no branch has',
    { CI: 'true', GITHUB_REF_TYPE: 'branch', GITHUB_REF_NAME: '12/merge' },
    { ci: true },
  ],
  [
    'GitHub, a tag is no branch',
    { CI: 'true', GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v1' },
    { ci: true },
  ],
  [
    'GitLab, a merge request',
    {
      CI: 'true',
      CI_COMMIT_SHA: 'abc',
      CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: 'feat',
      CI_JOB_URL: 'https://gitlab/j/1',
      CI_PIPELINE_URL: 'https://gitlab/p/1',
    },
    { ci: true, commit: 'abc', branch: 'feat', buildUrl: 'https://gitlab/j/1' },
  ],
  [
    'Jenkins, which sets no CI',
    {
      JENKINS_URL: 'http://jenkins',
      GIT_BRANCH: 'origin/main',
      GIT_COMMIT: 'abc',
      BUILD_URL: 'http://jenkins/1',
    },
    { ci: true, commit: 'abc', branch: 'main', buildUrl: 'http://jenkins/1' },
  ],
  [
    'Azure',
    { TF_BUILD: 'True', BUILD_SOURCEBRANCH: 'refs/heads/main', BUILD_SOURCEVERSION: 'abc' },
    { ci: true, commit: 'abc', branch: 'main' },
  ],
  [
    'Azure, a pull request',
    { TF_BUILD: 'True', BUILD_SOURCEBRANCH: 'refs/pull/1/merge' },
    { ci: true },
  ],
])('what a pipeline says of its build: %s', (_, env, expected) =>
  expect(buildSource(env)).toEqual(expected),
);
