# A first container, from nothing but the machine's own busybox. Sourced by setup.sh.

skiff=$top/helpers/bin/skiff
image=quickstart
container=quickstart-$$
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

say "making a root filesystem from $(static_busybox)"
mkdir -p "$tree/bin" "$tree/etc" "$tree/root" "$tree/tmp" "$tree/proc" "$tree/sys" "$tree/dev"
chmod 1777 "$tree/tmp"
cp "$(static_busybox)" "$tree/bin/busybox"
chmod 755 "$tree/bin/busybox"
for applet in $("$tree/bin/busybox" --list); do
  [ "$applet" = busybox ] || ln -s busybox "$tree/bin/$applet"
done
echo 'root:x:0:0:root:/root:/bin/sh' > "$tree/etc/passwd"
echo 'root:x:0:' > "$tree/etc/group"
if tar --version 2>/dev/null | grep -q GNU; then owner='--owner=0 --group=0 --numeric-owner'; else owner=; fi

# show WORD...: prints "skiff WORD..." as one would type it, then runs it.
show() {
  printf '\n$ skiff'
  for word in "$@"; do
    case $word in
      *[!A-Za-z0-9_./=:-]*) printf " '%s'" "$word" ;;
      *) printf ' %s' "$word" ;;
    esac
  done
  printf '\n'
  "$skiff" "$@"
}

printf '\n$ tar -c . | skiff import - %s\n' "$image"
# shellcheck disable=SC2086 # no word where tar has no such options
tar -C "$tree" $owner -cf - . | "$skiff" import - "$image"
show images
show run --rm "$image" sh -c 'echo "hello from $(hostname), process $$, user $(id -un), on $(uname -sr)"; cat /proc/self/uid_map'
show run -d --name "$container" "$image" sleep 300
show exec "$container" ps
show ps
show rm -f -t 0 "$container"

cat <<END

That was a container without root and without a daemon. The image stays: try
  $skiff run -it --rm $image sh
To have "skiff" on your PATH: npm install -g $top
END
