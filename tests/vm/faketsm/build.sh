#!/bin/sh
# The test module for the `full` guests, against the headers that kernels.sh unpacked. Prints the module's path.
# usage: build.sh      with BUILD from the environment
# Exit: 0; 77 there are no headers or no compiler for them here; 1 it does not compile.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
dir=${BUILD:-build}/vm
case $dir in /*) ;; *) dir=$root/$dir ;; esac
made=$dir/faketsm

kernels=$("$here/../kernels.sh")
headers=$kernels/headers/usr/src/linux-headers-$(cat "$kernels/full/version")
# The kernel's own compiler: another one has other flags.
compiler=$(sed -n 's/^CONFIG_CC_VERSION_TEXT="\([^ ]*\) .*/\1/p' "$headers/.config")
compiler=${compiler#*-linux-gnu-}
command -v "$compiler" >/dev/null 2>&1 || {
    echo "build.sh: the kernel was made with $compiler, which is not installed" >&2
    exit 77
}
mkdir -p "$made"
if ! { [ -f "$made/faketsm.ko" ] && cmp -s "$here/faketsm.c" "$made/faketsm.c" &&
    [ "$(cat "$made/version" 2>/dev/null)" = "$headers" ]; }; then
    rm -f "$made/faketsm.ko"
    cp "$here/faketsm.c" "$here/Makefile" "$made/"
    # Type information of modules needs pahole; a test module does without. Nothing of an outer make's flags is for the kernel's.
    env -u MAKEFLAGS -u MAKELEVEL -u CFLAGS -u LDFLAGS \
        make -s -C "$headers" M="$made" CC="$compiler" CONFIG_DEBUG_INFO_BTF_MODULES= W=1 modules >"$made/log" 2>&1 || {
        cat "$made/log" >&2
        exit 1
    }
    echo "$headers" >"$made/version"
fi
echo "$made/faketsm.ko"
