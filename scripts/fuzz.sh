#!/bin/sh
# fuzz: builds every tests/fuzz/*_fuzz.c with libFuzzer, ASan and UBSan, and runs each for a while.
#   fuzz.sh BUILD_DIR SECONDS [NAME..]
# A crash leaves its input in BUILD_DIR/fuzz/NAME.crash-*. Seeds: tests/fuzz/seeds/NAME/, if there.
set -u
build=${1:-build} seconds=${2:-10}
shift 2 2>/dev/null || shift $#
out=$build/fuzz
mkdir -p "$out/obj"
flags="-std=c17 -D_DEFAULT_SOURCE -I. -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined
       $(pkg-config --cflags libcrypto jansson libsecp256k1 libcbor libcurl tss2-esys tss2-mu tss2-tcti-device tss2-tcti-swtpm)"
libs=$(pkg-config --libs libcrypto jansson libsecp256k1 libcbor libcurl tss2-esys tss2-mu tss2-tcti-device tss2-tcti-swtpm)
src=$(git ls-files -co --exclude-standard 'base/*.c' 'quote/*.c' 'policy/*.c' 'agent/*.c' |
    grep -vxE 'agent/(main|build_release)\.c')
printf '%s\n' $src | xargs -P "$(nproc)" -I{} sh -c '
    o='"$out"'/obj/$(echo {} | tr / _).o
    [ "$o" -nt {} ] && [ -z "$(find base quote policy agent -name "*.h" -newer "$o" -o -name "*.def" -newer "$o" | head -n 1)" ] ||
        clang '"$(echo $flags)"' -fsanitize=fuzzer-no-link -c {} -o "$o" || exit 255' || exit 1
passed=0 failed=0
for f in tests/fuzz/*_fuzz.c; do
    name=$(basename "$f" .c)
    [ $# -eq 0 ] || case " $* " in *" ${name%_fuzz} "*) ;; *) continue ;; esac
    # shellcheck disable=SC2086
    clang $flags -fsanitize=fuzzer "$f" "$out"/obj/*.o $libs -o "$out/$name" || { failed=$((failed + 1)); continue; }
    corpus=$out/corpus-$name
    mkdir -p "$corpus"
    seeds=tests/fuzz/seeds/$name
    [ -d "$seeds" ] || seeds=
    # shellcheck disable=SC2086
    if "$out/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
        -artifact_prefix="$out/$name." "$corpus" $seeds >"$out/$name.log" 2>&1; then
        printf '  %-28s %s executions\n' "$name" "$(sed -nE 's/^stat::number_of_executed_units: *//p' "$out/$name.log")"
        passed=$((passed + 1))
    else
        tail -n 40 "$out/$name.log"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
