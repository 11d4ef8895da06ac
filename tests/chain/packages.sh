# shellcheck shell=sh
# How the setup.sh files fill a folder below BUILD that several suites use at once. Sourced.

# setup_alone DIR: whoever else sets this folder up waits until this process is done.
setup_alone() {
    mkdir -p "$1"
    exec 9>"$1/setup.lock"
    flock 9
}

# install_packages FOLDER PACKAGE.JSON: the npm packages that it names, where they are not there yet. No script of a package is run.
install_packages() {
    mkdir -p "$1"
    ! cmp -s "$2" "$1/installed.json" || return 0
    # From nothing: what npm makes of an older tree can differ.
    rm -rf "$1/installed.json" "$1/node_modules"
    cp "$2" "$1/package.json"
    # A registry that hiccups once is no failure.
    if ! npm_install "$1" && ! { sleep 3; npm_install "$1"; }; then
        tail -n 20 "$1/npm.log" >&2
        echo "setup.sh: npm could not install the packages of $2" >&2
        return 1
    fi
}
# installed FOLDER PACKAGE.JSON: all that had to be done was done.
installed() {
    cp "$2" "$1/installed.json"
}
npm_install() {
    (cd "$1" && timeout -k 10 600 npm install --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error) >"$1/npm.log" 2>&1
}

# put FOLDER FILE..: copies there, where they differ: another suite may be reading them.
put() {
    into=$1
    shift
    for file in "$@"; do
        cmp -s "$file" "$into/${file##*/}" || { cp "$file" "$into/.new" && mv "$into/.new" "$into/${file##*/}"; }
    done
}
