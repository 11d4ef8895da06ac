#!/bin/sh
# analyze: gcc's -fanalyzer and clang-tidy over the product's sources; quiet means clean.
set -u
flags="-std=c17 -D_DEFAULT_SOURCE -I. $(pkg-config --cflags libcrypto jansson libsecp256k1 libcbor libcurl tss2-esys tss2-mu tss2-tcti-device tss2-tcti-swtpm)"
src=$(git ls-files -co --exclude-standard 'base/*.c' 'quote/*.c' 'policy/*.c' 'agent/*.c')
tmp=$(mktemp -d) || exit 70
trap 'rm -rf "$tmp"' EXIT
rc=0
for f in $src; do
    echo "$f"
done | xargs -P "$(nproc)" -I{} sh -c \
    "gcc $flags -O1 -Wall -Wextra -Werror -fanalyzer -DBOOTGATE_VERSION='\"x\"' -DBOOTGATE_BUILD_FLOOR=0 -c {} -o /dev/null || echo 'gcc -fanalyzer: {}' >>'$tmp/bad'"
# shellcheck disable=SC2086
for f in $src; do
    echo "$f"
done | xargs -P "$(nproc)" -n 8 sh -c \
    'clang-tidy --quiet "$@" -- '"$flags"' -DBOOTGATE_VERSION=\"x\" -DBOOTGATE_BUILD_FLOOR=0 2>/dev/null || echo "clang-tidy: one of $*" >>'"'$tmp/bad'" sh
if [ -s "$tmp/bad" ]; then
    cat "$tmp/bad"
    rc=1
fi
[ $rc -eq 0 ] && echo "analyze: clean ($(echo "$src" | wc -l) files, gcc -fanalyzer and clang-tidy)"
exit $rc
