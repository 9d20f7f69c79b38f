# All checks and tests. Sourced by setup.sh.
#
# As root the tests run as an unprivileged user, in a copy of the tree of its own: the clone may lie where that user can't read
# (below /root), and tests write beside what they test.

# script NAME: what package.json says under scripts. Run without npm, which the test user may not be able to read.
script() { node -p "require('./package.json').scripts[process.argv[1]]" "$1"; }

# The steps, run by whoever tests, in the tree that is tested.
run_steps() {
  # Every step runs, whatever became of the one before: one broken thing should not hide another.
  steps='
    set -u
    failed=
    step() { printf "\n==> %s\n" "$1" >&2; sh -c "$2" || { failed="$failed
  $1"; }; }
    step lint "$LINT"
    step typecheck "$TYPECHECK"
    step "generated files are current" "$GENERATE_CHECK"
    step "unit tests" "$UNIT"
    step "static analysis of the helpers" "make -s -C helpers analyze"
    step "integration tests" "$INTEGRATION"
    step "integration tests of the helpers, built with sanitizers" "make -s -C helpers sanitized && SKIFF_BIN=\"\$PWD/helpers/bin-sanitized/skiff\" SKIFF_HELPERS_DIR=\"\$PWD/helpers/bin-sanitized\" $INTEGRATION launcher monitor init"
    [ -z "$failed" ] || { printf "\nfailed:%s\n" "$failed" >&2; exit 1; }
    printf "\nall passed\n" >&2
  '
  "$@" env PATH="$PWD/node_modules/.bin:$PATH" LINT="$(script lint)" TYPECHECK="$(script typecheck)" GENERATE_CHECK="$(script generate:check)" \
    UNIT="$(script test:unit)" INTEGRATION="$(script test:integration)" sh -c "$steps"
}

# copy_tree: all but git's own and other builds, owned by the test user, whatever the modes were here.
copy_tree() {
  work=$(mktemp -d /var/tmp/skiff-test.XXXXXX)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  chown "$test_user:" "$work"
  say "copying the tree to $work for $test_user"
  tar -C "$top" --exclude=./.git --exclude='./build-*' -cf - . | as_test_user sh -c 'umask 022; tar -C "$1" -xf -' sh "$work"
}

# Node itself may lie where the test user can't reach it (nvm in /root).
reach_node() {
  node=$(node -p process.execPath)
  if as_test_user test -x "$node"; then
    PATH=$(dirname "$node"):$PATH
  else
    say "copying $node for $test_user"
    mkdir "$work/.node"
    cp "$node" "$work/.node/node"
    chmod -R a+rX "$work/.node"
    PATH=$work/.node:$PATH
    SKIFF_NODE=$work/.node/node
  fi
}

if [ "$(id -u)" = 0 ]; then
  build_all
  ensure_test_user
  ensure_devices
  copy_tree
  reach_node
  cd "$work"
  status=0
  run_steps as_test_user || status=1
  # What a systemd host gives its users, on a machine that has another tree.
  if [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ]; then
    say "integration tests in a delegated control group v2 tree"
    as_test_user_in_cgroup2 sh -c "$(script test:integration) limits containers-lifecycle" || status=1
  fi
  exit $status
else
  ensure_subordinate_ids "$(id -un)"
  build_all
  run_steps env
fi
