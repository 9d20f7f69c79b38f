#!/bin/sh
# with-cgroup2.sh USER COMMAND...
# Runs COMMAND as USER in a pure cgroup v2 tree with a delegated subtree, as a systemd host has it, on a machine whose own
# tree is hybrid. Needs root. The machine's mounts stay as they are: everything happens in a private mount namespace, and
# the subtree is removed at the end.
set -eu
if [ "${SKIFF_CGROUP2_STAGE:-}" = "" ]; then
  SKIFF_CGROUP2_STAGE=inside exec unshare -m --propagation slave -- sh "$0" "$@"
fi
unset SKIFF_CGROUP2_STAGE
user=$1
shift
umount -l /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
tree=/sys/fs/cgroup/skiff-test.$$
mkdir "$tree" "$tree/inner"
clean() {
  # What the command left behind moves back to the root, so that the empty groups can go.
  find "$tree" -depth -type d | while read -r group; do
    while read -r pid; do echo "$pid" > /sys/fs/cgroup/cgroup.procs 2>/dev/null || :; done < "$group/cgroup.procs"
    rmdir "$group" 2>/dev/null || :
  done
}
trap clean EXIT
for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
  echo "+$controller" > /sys/fs/cgroup/cgroup.subtree_control 2>/dev/null || :
  echo "+$controller" > "$tree/cgroup.subtree_control" 2>/dev/null || :
done
chown -R "$user" "$tree"
echo 0 > "$tree/inner/cgroup.procs"
set +e
setpriv --reuid "$user" --regid "$user" --init-groups -- "$@"
status=$?
echo 0 > /sys/fs/cgroup/cgroup.procs
exit $status
