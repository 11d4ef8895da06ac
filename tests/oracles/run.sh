#!/bin/sh
# run: compares with independent implementations (npm). NAME_diff.mjs asks the tool its head names.
# Everything is copied to and installed below BUILD, so that the source tree stays clean.
#   BUILD=build VECTORS=../shared/vectors tests/oracles/run.sh [NAME..]     (EVM_DIFF=full: many more programs)
set -u
build=${BUILD:-build}
BOOTGATE_VECTORS=${BOOTGATE_VECTORS:-${VECTORS:-../shared/vectors}}
export BOOTGATE_VECTORS
here=$(dirname "$0")
work=$build/oracles
count=$(ls "$here"/*_diff.mjs | wc -l)
skip() {
    echo "skipped $count cases: $1"
    echo "0 passed, 0 failed, $count skipped"
    exit 0
}
command -v node >/dev/null && command -v npm >/dev/null || skip 'no Node.js'
[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || skip 'the oracles need Node.js 20'
mkdir -p "$work"
if ! cmp -s "$here/package.json" "$work/package.json" || [ ! -f "$work/installed" ]; then
    rm -f "$work/installed"
    cp "$here/package.json" "$work/package.json"
    npm install --prefix "$work" --no-audit --no-fund --no-package-lock --loglevel=error >"$work/npm.log" 2>&1 ||
        skip "npm install failed ($work/npm.log)"
    touch "$work/installed"
fi
cp "$here"/*.mjs "$here"/../near/*.mjs "$work/"
passed=0 failed=0 skipped=0
for f in "$here"/*_diff.mjs; do
    name=$(basename "$f" _diff.mjs)
    [ $# -eq 0 ] || case " $* " in *" $name "*) ;; *) continue ;; esac
    tool=$build/tools/$(sed -nE 's|.*TOOL: build/tools/([a-z]+_tool).*|\1|p' "$f" | head -n 1)
    make -s BUILD="$build" "$tool" || { failed=$((failed + 1)); continue; }
    node "$work/${name}_diff.mjs" "$tool" >"$work/$name.log" 2>&1
    rc=$?
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$work/$name.log" | tail -n 1)
    [ -n "$line" ] || { [ $rc -eq 0 ] && line='1 passed, 0 failed, 0 skipped' || line='0 passed, 1 failed, 0 skipped'; }
    p=$(echo "$line" | cut -d' ' -f1) f2=$(echo "$line" | cut -d' ' -f3) k=$(echo "$line" | cut -d' ' -f5)
    [ $rc -eq 0 ] || [ "$f2" -gt 0 ] || f2=1
    passed=$((passed + p)) failed=$((failed + f2)) skipped=$((skipped + k))
    grep -E '^(compared|refused by name|skipped)' "$work/$name.log"
    [ "$f2" -eq 0 ] || tail -n 40 "$work/$name.log"
    echo "$name: $line"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
