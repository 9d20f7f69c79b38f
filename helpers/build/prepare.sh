#!/bin/sh
# npm's "prepare": builds. `npm install -g .` in a fresh clone only links the clone and installs nothing into it: then what
# the build needs is installed here first, by npm ci, which comes back to this script.
set -eu
cd "$(dirname "$0")/../.."
if [ -d node_modules/esbuild ] && [ -d node_modules/typescript ]; then
  exec npm run build
fi
if [ "${SKIFF_PREPARING:-}" = 1 ]; then
  echo "prepare: npm ci did not install the development dependencies that the build needs" >&2
  exit 1
fi
# What the outer npm was told (-g, --prefix, --omit) is not meant for this.
for name in $(env | sed -n 's/^\(npm_config_[a-z_]*\)=.*/\1/p'); do
  case $name in
    npm_config_global | npm_config_location | npm_config_prefix | npm_config_local_prefix | npm_config_global_prefix | npm_config_omit | npm_config_ignore_scripts) unset "$name" ;;
  esac
done
unset NODE_ENV || :
SKIFF_PREPARING=1 exec npm ci --no-audit --no-fund
