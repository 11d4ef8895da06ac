#!/bin/sh
# Installs what the tests' chain needs into BUILD/chain (default build/chain) and compiles the
# contracts there. Says nothing and does nothing when all of it is there already.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
dir=${BUILD:-build}/chain
case $dir in /*) ;; *) dir=$root/$dir ;; esac
. "$here/packages.sh"

setup_alone "$dir"
install_packages "$dir" "$here/package.json"
installed "$dir" "$here/package.json"
exec node "$here/compile.mjs" "$dir"
