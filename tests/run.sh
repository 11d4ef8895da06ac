#!/bin/sh
# Runs test programs one after the other, adds up their closing lines, prints one of its own.
# A program that fails, or that prints no closing line, is a failure.
set -u
passed=0 failed=0 skipped=0
out=$(mktemp) || exit 70
trap 'rm -f "$out"' EXIT
for t in "$@"; do
    "$t" >"$out" 2>&1
    rc=$?
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$out" | tail -n 1)
    if [ -z "$line" ] || { [ $rc -ne 0 ] && [ "${line#*, 0 failed}" != "$line" ]; }; then
        cat "$out"
        echo "FAILED $t: exit $rc, no clean closing line"
        failed=$((failed + 1))
        continue
    fi
    set -- $line
    [ "$3" = 0 ] || grep -vE '^\[ *(OK|RUN) *\]' "$out"
    grep '^skipped ' "$out"
    printf '  %-40s %s\n' "$(basename "$t")" "$line"
    passed=$((passed + $1)) failed=$((failed + $3)) skipped=$((skipped + $5))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
