#!/bin/sh
# Installs the clients of the tests' beacon chain into BUILD/devnet (default build/devnet), each in a folder of its own:
# together in one tree npm mixes up their dependencies. Says nothing and does nothing when they are there already.
# Nothing is compiled and no script of a package is run.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
dir=${BUILD:-build}/devnet
case $dir in /*) ;; *) dir=$root/$dir ;; esac

install_packages() {
    (cd "$1" && timeout -k 10 400 npm install --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error) >"$1/npm.log" 2>&1
}
for client in execution consensus; do
    here_is=$here/$client/package.json there=$dir/$client
    mkdir -p "$there"
    cmp -s "$here_is" "$there/installed.json" && continue
    # From nothing: what npm makes of an older tree can differ.
    rm -rf "$there/installed.json" "$there/node_modules"
    cp "$here_is" "$there/package.json"
    # A registry that hiccups once is no failure.
    if ! install_packages "$there" && ! { sleep 3; install_packages "$there"; }; then
        tail -n 20 "$there/npm.log" >&2
        echo "setup.sh: npm could not install the packages of tests/devnet/$client/package.json" >&2
        exit 1
    fi
    # The one native part is for talking to peers, of which there are none: its portable twin, which is there too, stands in.
    native=$there/node_modules/snappy
    [ ! -f "$native/snappy.js" ] || echo "module.exports = require('snappyjs')" >"$native/snappy.js"
    cp "$here_is" "$there/installed.json"
done
