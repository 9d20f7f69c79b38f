#!/bin/sh
# From a fresh clone to a working skiff. Says what it does, and says nothing where nothing is to be done.
#
#   sh helpers/build/setup.sh packages     installs the programs that are missing
#   sh helpers/build/setup.sh quickstart   packages, subordinate ids, build, and a first container
#   sh helpers/build/setup.sh test         the same, then all checks and tests; as root they run as the user "skiff-test"
#
# Works as root and as an ordinary user (with sudo where something is missing), and without a registry.
set -eu
cd "$(dirname "$0")/../.."
top=$(pwd)
here=$top/helpers/build/setup

say() { printf '%s\n' "==> $*" >&2; }
fail() {
  printf '%s\n' "setup: $1" >&2
  shift
  for line in "$@"; do printf '%s\n' "  $line" >&2; done
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# On Debian an ordinary user's PATH lacks the folders where usermod and useradd are.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH

# Runs a command as root: as it is for root, else by sudo. Where that can't be, tells exactly what to run.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif have sudo && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    sudo -- "$@"
  else
    fail "this needs root, and sudo can't be used here. Run as root, then start again:" "$*"
  fi
}

. "$here/packages.sh"
. "$here/users.sh"
. "$here/build.sh"

case ${1:-} in
  packages)
    install_packages run build
    ;;
  quickstart)
    install_packages run build
    ensure_subordinate_ids "$(id -un)"
    build_all
    . "$here/quickstart.sh"
    ;;
  test)
    install_packages run build test
    . "$here/test.sh"
    ;;
  *) fail "usage: sh helpers/build/setup.sh packages|quickstart|test" ;;
esac
