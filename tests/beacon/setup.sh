#!/bin/sh
# Installs what the tests' beacon chain needs into BUILD/beacon (default build/beacon) and puts the programs there, beside
# their packages. Says nothing and does nothing when all of it is there already.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
dir=${BUILD:-build}/beacon
case $dir in /*) ;; *) dir=$root/$dir ;; esac
. "$root/tests/chain/packages.sh"

setup_alone "$dir"
install_packages "$dir" "$here/package.json"
installed "$dir" "$here/package.json"
# Node looks for packages above the file that wants them.
mkdir -p "$dir/run/beacon" "$dir/run/chain"
put "$dir/run/beacon" "$here"/*.mjs
put "$dir/run/chain" "$root"/tests/chain/*.mjs
