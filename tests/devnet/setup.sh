#!/bin/sh
# Installs the clients of the tests' beacon chain into BUILD/devnet (default build/devnet), each in a folder of its own:
# together in one tree npm mixes up their dependencies. Says nothing and does nothing when they are there already.
# Nothing is compiled and no script of a package is run.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
dir=${BUILD:-build}/devnet
case $dir in /*) ;; *) dir=$root/$dir ;; esac
. "$root/tests/chain/packages.sh"

setup_alone "$dir"
for client in execution consensus; do
    install_packages "$dir/$client" "$here/$client/package.json"
    # The one native part is for talking to peers, of which there are none: its portable twin, which is there too, stands in.
    native=$dir/$client/node_modules/snappy
    [ ! -f "$native/snappy.js" ] || echo "module.exports = require('snappyjs')" >"$native/snappy.js"
    installed "$dir/$client" "$here/$client/package.json"
done
