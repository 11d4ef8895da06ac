#!/bin/sh
# Runs test programs, TEST_JOBS at a time (two), adds up their closing lines in the order given, prints one of its own.
# A program that fails, or that prints no closing line, is a failure.
set -u
passed=0 failed=0 skipped=0
out=$(mktemp -d) || exit 70
trap 'rm -rf "$out"' EXIT
count=0
for t in "$@"; do
    count=$((count + 1))
    printf '%s\n%s\n' "$out/$count" "$t"
done | xargs -P "${TEST_JOBS:-2}" -n 2 sh -c 't=$(date +%s); "$1" >"$0" 2>&1 </dev/null
    echo "$? $(($(date +%s) - t))" >"$0.status"'
count=0
for t in "$@"; do
    count=$((count + 1))
    one=$out/$count rc=none seconds=0
    [ ! -s "$one.status" ] || read -r rc seconds <"$one.status"
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$one" | tail -n 1)
    if [ -z "$line" ] || { [ "$rc" != 0 ] && [ "${line#*, 0 failed}" != "$line" ]; }; then
        cat "$one"
        echo "FAILED $t: exit $rc, no clean closing line"
        failed=$((failed + 1))
        continue
    fi
    p=${line%% passed*} f=${line#*, } k=${line##*, }
    f=${f%% failed*} k=${k%% skipped*}
    [ "$f" = 0 ] || grep -vE '^\[ *(OK|RUN) *\]' "$one"
    grep -E '^(skipped|sampled|left) ' "$one"
    [ "$seconds" -lt 10 ] && slow='' || slow=" ($seconds s)"
    printf '  %-40s %s%s\n' "$(basename "$t")" "$line" "$slow"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + k))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
