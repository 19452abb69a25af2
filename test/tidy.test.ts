import t from 'tap';
import { judge } from './tidy/judge.ts';
import { readManifests, readSources } from './tidy/sources.ts';
import { archaic, readTexts } from './tidy/words.ts';

for (const [rule, broken] of Object.entries(judge(readSources(), readManifests())))
  t.test(rule, async (t) => {
    t.same(broken, []);
  });

t.test('comments, messages, titles and pages are in plain English', async (t) => {
  const found = readTexts();
  t.same(
    found.flatMap(({ path, text }) => archaic(path, text)),
    [],
  );
});

t.test('the workspace has one version number', async (t) => {
  const manifests = readManifests();
  const [root] = manifests;
  t.same(
    manifests.filter(({ version }) => version !== root?.version).map(({ path, version }) => `${path} ${version}`),
    [],
  );
});
