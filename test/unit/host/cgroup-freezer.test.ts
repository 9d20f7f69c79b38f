import test from 'ava';
import { groupNamed } from '../../../src/host/cgroup/freezer.ts';

test('groupNamed() finds the folder of a name or its scope, also from a group below it', (t) => {
  t.is(groupNamed('0::/user.slice/skiff-ab.scope\n', 'skiff-ab'), '/sys/fs/cgroup/user.slice/skiff-ab.scope');
  t.is(groupNamed('0::/x/skiff-ab/inner/more\n', 'skiff-ab'), '/sys/fs/cgroup/x/skiff-ab');
  for (const text of ['0::/x/skiff-abc\n', '0::/../skiff-ab\n', '1:name=systemd:/skiff-ab\n', '']) t.is(groupNamed(text, 'skiff-ab'), undefined, text);
});

test('groupNamed() is the group that crun freezes: below a scope the one it makes there', (t) => {
  t.is(groupNamed('0::/user.slice/skiff-ab.scope/container\n', 'skiff-ab'), '/sys/fs/cgroup/user.slice/skiff-ab.scope/container');
  t.is(groupNamed('0::/user.slice/skiff-ab.scope/container/init.scope\n', 'skiff-ab'), '/sys/fs/cgroup/user.slice/skiff-ab.scope/container');
  t.is(groupNamed('0::/user.slice/skiff-ab.scope/other\n', 'skiff-ab'), '/sys/fs/cgroup/user.slice/skiff-ab.scope');
  t.is(groupNamed('0::/x/skiff-ab/container\n', 'skiff-ab'), '/sys/fs/cgroup/x/skiff-ab');
});
