# peers: the packages that the benchmarks compare with, below BUILD. To be sourced; needs root and BUILD.
#   peers_ready: $peer is the folder that has them; else $peers_why says what is missing.
peer=$BUILD/bench-peer
peers_ready() {
    node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' 2>/dev/null || {
        peers_why='the peers need Node 20'
        return 1
    }
    if ! cmp -s "$root/tests/bench/peer/package.json" "$peer/installed.json"; then
        mkdir -p "$peer"
        cp "$root/tests/bench/peer/package.json" "$peer/package.json"
        (cd "$peer" && npm install --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error) >"$peer/npm.log" 2>&1 || {
            peers_why="the peers' packages could not be installed"
            return 1
        }
        cp "$root/tests/bench/peer/package.json" "$peer/installed.json"
    fi
    cp "$root"/tests/bench/peer/*.mjs "$peer/"
}
