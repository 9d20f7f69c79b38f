# Which programs are needed, which package has them, and how this distribution installs it. Sourced by setup.sh.

# The first package manager that is there: its name stands for the distribution's family.
package_family() {
  for manager in apt-get dnf zypper pacman apk; do
    if have "$manager"; then
      echo "$manager"
      return
    fi
  done
  echo none
}

# package_of PROGRAM FAMILY: the package; "-" where the family has none.
package_of() {
  case $1:$2 in
    newuidmap:apt-get) echo uidmap ;;
    newuidmap:dnf) echo shadow-utils ;;
    newuidmap:apk) echo shadow-uidmap ;;
    newuidmap:*) echo shadow ;;
    usermod:apt-get) echo passwd ;;
    usermod:dnf) echo shadow-utils ;;
    usermod:*) echo shadow ;;
    pasta:*) echo passt ;;
    static-busybox:dnf | static-busybox:pacman) echo busybox ;;
    static-busybox:*) echo busybox-static ;;
    libdeflate:apt-get | libdeflate:zypper) echo libdeflate0 ;;
    static-libc:dnf) echo glibc-static ;;
    static-libc:zypper) echo glibc-devel-static ;;
    static-libc:pacman) echo glibc ;;
    static-libc:apk) echo musl-dev ;;
    static-libc:apt-get) echo libc6-dev ;;
    cc:*) echo gcc ;;
    g++:dnf | g++:zypper) echo gcc-c++ ;;
    g++:pacman) echo gcc ;;
    setpriv:apk) echo setpriv ;;
    setpriv:*) echo util-linux ;;
    python3:pacman) echo python ;;
    mmdebstrap:pacman | mmdebstrap:apk | mmdebstrap:zypper) echo - ;;
    *) echo "$1" ;;
  esac
}

# An executable that asks for no loader, so that it runs in an image where it is alone.
is_static() {
  node -e '
    const bytes = require("fs").readFileSync(process.argv[1]);
    const wide = bytes[4] === 2, little = bytes[5] === 1;
    const read = (at, size) => size === 8 ? Number(little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at))
      : size === 4 ? (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)) : (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
    const table = wide ? read(32, 8) : read(28, 4), step = read(wide ? 54 : 42, 2), count = read(wide ? 56 : 44, 2);
    const interpreter = 3;
    for (let i = 0; i < count; i++) if (read(table + i * step, 4) === interpreter) process.exit(1);
  ' "$1"
}

# Path of a static busybox.
static_busybox() {
  for name in busybox.static busybox-static busybox; do
    path=$(command -v "$name") || continue
    if is_static "$path"; then
      echo "$path"
      return 0
    fi
  done
  return 1
}

# The C library to link skiff-init with.
has_static_libc() {
  have cc && [ -f "$(cc -print-file-name=libc.a)" ]
}

is_there() {
  case $1 in
    static-busybox) static_busybox >/dev/null ;;
    static-libc) has_static_libc ;;
    libdeflate) has_library libdeflate.so.0 ;;
    crun) have crun || have runc ;;
    g++) have g++ || have c++ ;;
    cc) have cc || have gcc ;;
    *) have "$1" ;;
  esac
}

# has_library FILE: where the loader looks, whatever the processor.
has_library() {
  for path in /lib/"$1" /lib64/"$1" /usr/lib/"$1" /usr/lib64/"$1" /usr/lib/*/"$1"; do
    [ -e "$path" ] && return 0
  done
  return 1
}

# What each purpose needs. A "?" in front: useful, not needed (without libdeflate a push takes longer, without a peer its tests are skipped).
programs_for() {
  case $1 in
    run) echo "crun newuidmap usermod pasta fuse-overlayfs slirp4netns static-busybox ?libdeflate" ;;
    build) echo "cc make static-libc python3 g++" ;;
    test) echo "setpriv ?mmdebstrap ?skopeo ?podman ?strace ?zsh ?fish" ;;
  esac
}

install_command() {
  case $1 in
    apt-get) echo "env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends" ;;
    dnf) echo "dnf install -y" ;;
    zypper) echo "zypper --non-interactive install" ;;
    pacman) echo "pacman -S --needed --noconfirm" ;;
    apk) echo "apk add" ;;
  esac
}

# refresh FAMILY: the lists of packages, which a fresh machine may not have yet.
refresh() {
  case $1 in
    apt-get) as_root apt-get update -q ;;
    pacman) as_root pacman -Sy ;;
    apk) as_root apk update ;;
  esac
}

# install_packages PURPOSE...: all at once; where that fails, after a refresh of the lists; the useful ones one by one.
install_packages() {
  family=$(package_family)
  needed='' useful=''
  for purpose in "$@"; do
    for program in $(programs_for "$purpose"); do
      is_there "${program#\?}" && continue
      if [ "$family" = none ]; then
        package=${program#\?}
      else
        package=$(package_of "${program#\?}" "$family")
      fi
      case "$program:$package" in
        *:-) ;;
        \?*) useful="$useful $package" ;;
        *) case " $needed " in *" $package "*) ;; *) needed="$needed $package" ;; esac ;;
      esac
    done
  done
  [ -n "$needed$useful" ] || return 0
  if [ "$family" = none ]; then
    [ -z "$needed" ] || fail "no known package manager (apt-get, dnf, zypper, pacman, apk). Install these programs, then start again:" "${needed# }"
    return 0
  fi
  command=$(install_command "$family")
  if [ -n "$needed" ]; then
    say "installing:$needed"
    # shellcheck disable=SC2086 # words are meant to be split
    as_root $command $needed >&2 || { refresh "$family" >&2 && as_root $command $needed >&2; } ||
      fail "could not install:$needed. Run as root, then start again:" "$command$needed"
  fi
  for package in $useful; do
    say "installing: $package"
    # shellcheck disable=SC2086
    (as_root $command "$package" >&2) || say "going on without $package"
  done
}
