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

const MANAGE = 'org.freedesktop.systemd1.manage-units';

function asked(unit: string, verb: string, groups = ['hybrid-soak-operators'], id = MANAGE, user = 'olga') {
  const details: Record<string, string> = { unit, verb };
  const subject = { user, isInGroup: (name: string) => groups.includes(name) };
  return rule()({ id, lookup: (key: string) => details[key] }, subject);
}

t.test('an operator may act on the engine, start and stop soaks, and nothing else', async (t) => {
  for (const verb of ['start', 'stop', 'restart', 'reload', 'reset-failed'])
    t.equal(asked('hybrid-engine.service', verb), 'yes', verb);
  for (const verb of ['kill', 'set-property', 'restart ', 'freeze', 'ref', undefined as unknown as string])
    t.equal(asked('hybrid-engine.service', verb), 'not handled', verb);
  for (const unit of ['soak.service', 'soak@8h.service', 'soak@90m.service']) {
    t.equal(asked(unit, 'start'), 'yes', unit);
    t.equal(asked(unit, 'stop'), 'yes', unit);
    t.equal(asked(unit, 'restart'), 'not handled', unit);
  }
  const others = ['hybrid-engine.service.evil', 'soak@.service', 'soak@8h.service.d', 'soakxservice', 'ssh.service'];
  for (const unit of [...others, 'soak@8h\n.service']) t.equal(asked(unit, 'start'), 'not handled', unit);
  t.equal(asked('hybrid-engine.service', 'restart', ['users', 'hybrid-soak', 'hybrid-data']), 'not handled');
  const operators = ['hybrid-soak-operators'];
  t.equal(
    asked('hybrid-engine.service', 'restart', operators, 'org.freedesktop.systemd1.reload-daemon'),
    'not handled',
  );
  const control = (unit: string, verb: string) => asked(unit, verb, operators, MANAGE, 'hybrid-fleet-control');
  t.equal(control('soak@8h.service', 'start'), 'yes', 'control by a fleet: soaks');
  t.equal(control('hybrid-engine.service', 'stop'), 'not handled', 'and not the engine');
});
