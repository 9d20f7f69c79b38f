import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { projectRoot } from '../../../helpers/world.ts';

test('the AppArmor profile has the one place that the printed command fills in', (t) => {
  const profile = readFileSync(join(projectRoot(), 'helpers/apparmor/skiff'), 'utf8');
  const rules = profile.split('\n').filter((line) => !line.startsWith('#')).join('\n');
  t.deepEqual(rules.match(/@\w+@/g), ['@SKIFF@']);
  t.regex(rules, /^profile skiff "@SKIFF@" flags=\(unconfined\) \{\n {2}userns,\n/m);
  // helpers/launcher/cause.c prints the command, with the file's place below helpers/ and the word in it.
  t.regex(readFileSync(join(projectRoot(), 'helpers/launcher/cause.c'), 'utf8'), /sed 's\|@SKIFF@\|%s\|' '%s\/apparmor\/skiff'/);
});
