#!/bin/bash
# Builds bootgate and lays it out as a tree for the image.   bootgate-build.sh SOURCE CONFIG STAGE
# BOOTGATE_POSITION: own (default) or existing. SOURCE_DATE_EPOCH is honoured: the program's floor for chain heads.
set -euo pipefail
source=$1 config=$2 stage=$3
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
rm -rf "$stage"
make -s -C "$source" BUILD="$build" PREFIX=/usr DESTDIR="$stage" POSITION="${BOOTGATE_POSITION:-own}" install install-image
# One path, no link on the way (bootgate(1), boot). What is wrong with it is told here, not at the first boot.
install -D -m 0644 "$config" "$stage/usr/lib/bootgate/bootgate.json"
"$build/bootgate" chain --config "$config" --offline --boot-info /dev/null --json >"$build/out" 2>/dev/null || true
if grep -q '"class": "CONFIG"' "$build/out"; then
    cat "$build/out" >&2
    exit 1
fi
