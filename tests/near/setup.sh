#!/bin/sh
# Installs what the tests' NEAR chain needs into BUILD/near (default build/near) and puts the programs there, beside their
# packages. Says nothing and does nothing when all of it is there already.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
dir=${BUILD:-build}/near
case $dir in /*) ;; *) dir=$root/$dir ;; esac

mkdir -p "$dir/run"
if ! cmp -s "$here/package.json" "$dir/installed.json"; then
    cp "$here/package.json" "$dir/package.json"
    log=$dir/npm.log
    install_packages() {
        (cd "$dir" && npm install --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error) >"$log" 2>&1
    }
    # A registry that hiccups once is no failure.
    if ! install_packages && ! { sleep 3; install_packages; }; then
        cat "$log" >&2
        echo "setup.sh: npm could not install the packages of tests/near/package.json" >&2
        exit 1
    fi
    cp "$here/package.json" "$dir/installed.json"
fi
# Node looks for packages above the file that wants them.
cp "$here"/*.mjs "$dir/run/"
