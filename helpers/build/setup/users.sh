# Subordinate ids, and the user that the tests run as. Sourced by setup.sh.

# First id after all that the two files give to anyone; at least 100000, where distributions begin.
first_free_id() {
  cat /etc/subuid /etc/subgid 2>/dev/null | awk -F: 'BEGIN { free = 100000 } NF == 3 && $2 + $3 > free { free = $2 + $3 } END { print free }'
}

# has_ids FILE USER: an entry by name or number, or one that NSS knows.
has_ids() {
  uid=$(id -u "$2")
  grep -q -e "^$2:" -e "^$uid:" "$1" 2>/dev/null && return 0
  have getsubids || return 1
  case $1 in
    */subgid) getsubids -g "$2" >/dev/null 2>&1 ;;
    *) getsubids "$2" >/dev/null 2>&1 ;;
  esac
}

# ensure_subordinate_ids USER: 65536 of each kind where there are none.
ensure_subordinate_ids() {
  start=$(first_free_id)
  end=$((start + 65535))
  if ! has_ids /etc/subuid "$1"; then
    say "giving $1 the subordinate uids $start-$end"
    as_root usermod --add-subuids "$start-$end" "$1"
  fi
  if ! has_ids /etc/subgid "$1"; then
    say "giving $1 the subordinate gids $start-$end"
    as_root usermod --add-subgids "$start-$end" "$1"
  fi
}

test_user=skiff-test

# The unprivileged user for the tests of root, with a runtime directory; needs root.
ensure_test_user() {
  if ! id -u "$test_user" >/dev/null 2>&1; then
    say "making the user $test_user for the tests"
    if have useradd; then
      useradd --create-home --shell /bin/sh "$test_user"
    else
      adduser -D -s /bin/sh "$test_user"
    fi
  fi
  ensure_subordinate_ids "$test_user"
  test_uid=$(id -u "$test_user")
  test_home=$(getent passwd "$test_user" | cut -d: -f6)
  if [ ! -d "/run/user/$test_uid" ]; then
    mkdir -p /run/user
    mkdir -m 700 "/run/user/$test_uid"
    chown "$test_user:" "/run/user/$test_uid"
  fi
}

# In a virtual machine or container without udev the devices may be missing, or open to root only.
ensure_devices() {
  ensure_device /dev/fuse 10 229
  mkdir -p /dev/net
  ensure_device /dev/net/tun 10 200
}
ensure_device() {
  [ -e "$1" ] || mknod -m 666 "$1" c "$2" "$3" 2>/dev/null || return 0 # the tests that need it say so
  case $(stat -c %a "$1") in
    *[67][67]) ;;
    *)
      say "opening $1 to all users"
      chmod 666 "$1"
      ;;
  esac
}

# as_test_user COMMAND...: with a clean environment; what steers the tests and names the proxies is passed on.
as_test_user() { in_test_environment by_setpriv "$@"; }

# The same in a pure control group v2 tree with a delegated subtree, in a mount namespace of its own.
as_test_user_in_cgroup2() { in_test_environment by_cgroup2 "$@"; }

by_setpriv() { setpriv --reuid "$test_user" --regid "$(id -g "$test_user")" --init-groups -- "$@"; }
by_cgroup2() { sh test/helpers/with-cgroup2.sh "$test_user" "$@"; }

in_test_environment() {
  entry=$1
  shift
  "$entry" env -i HOME="$test_home" USER="$test_user" LOGNAME="$test_user" XDG_RUNTIME_DIR="/run/user/$test_uid" PATH="$PATH" TERM="${TERM:-dumb}" LANG=C.UTF-8 \
    CI="${CI:-}" SKIFF_NODE="${SKIFF_NODE:-}" http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" no_proxy="${no_proxy:-}" "$@"
}
