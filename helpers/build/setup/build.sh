# Node's packages and the build. Sourced by setup.sh.

check_node() {
  have node || fail "Node is not installed; skiff needs 20.19 or later" "https://nodejs.org/, or the distribution's package"
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    fail "Node $(node --version) is too old; skiff needs 20.19 or later"
}

# node-pty is compiled against Node's headers: those that came with this Node need no download.
use_local_headers() {
  prefix=$(node -p 'require("path").resolve(process.execPath, "../..")')
  if [ -f "$prefix/include/node/node_api.h" ]; then
    npm_config_nodedir=$prefix
    export npm_config_nodedir
  fi
}

build_all() {
  check_node
  use_local_headers
  if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    say "npm ci, which also builds"
    npm ci --no-audit --no-fund >&2
    touch node_modules/.package-lock.json
  else
    say "building"
    npm run --silent build >&2
  fi
}
