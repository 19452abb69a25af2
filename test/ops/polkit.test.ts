import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import t from 'tap';

type Rule = (action: unknown, subject: unknown) => string;

/** The shipped rule as polkitd calls it (polkit(8), "polkit.addRule"). */
function rule(): Rule {
  const rules: Rule[] = [];
  const polkit = { addRule: (added: Rule) => rules.push(added), Result: { YES: 'yes', NOT_HANDLED: 'not handled' } };
  runInNewContext(readFileSync('ops/polkit/50-hybrid-soak.rules', 'utf8'), { polkit });
  return rules[0] as Rule;
}

function asked(unit: string, verb: string, groups = ['hybrid-soak'], id = 'org.freedesktop.systemd1.manage-units') {
  const details: Record<string, string> = { unit, verb };
  return rule()({ id, lookup: (key: string) => details[key] }, { isInGroup: (name: string) => groups.includes(name) });
}

t.test('an operator may restart and reset-failed the engine, and nothing else', async (t) => {
  for (const verb of ['restart', 'reset-failed']) t.equal(asked('hybrid-engine.service', verb), 'yes', verb);
  for (const verb of ['start', 'stop', 'reload', 'kill', 'set-property', 'restart '])
    t.equal(asked('hybrid-engine.service', verb), 'not handled', verb);
  t.equal(asked('soak.service', 'restart'), 'not handled');
  t.equal(asked('hybrid-engine.service.evil', 'restart'), 'not handled');
  t.equal(asked('hybrid-engine.service', 'restart', ['users']), 'not handled');
  t.equal(
    asked('hybrid-engine.service', 'restart', ['hybrid-soak'], 'org.freedesktop.systemd1.reload-daemon'),
    'not handled',
  );
});
