#!/bin/sh
# fuzz: builds every tests/fuzz/*_fuzz.c with libFuzzer, ASan and UBSan, and runs each for a while, side by side.
#   fuzz.sh BUILD_DIR SECONDS [NAME..]
# A crash leaves its input in BUILD_DIR/fuzz/NAME.crash-*. Seeds: tests/fuzz/seeds/NAME/, if there.
set -u
build=${1:-build} seconds=${2:-10}
shift 2 2>/dev/null || shift $#
out=$build/fuzz
mkdir -p "$out/obj"
flags="-std=c17 -D_DEFAULT_SOURCE -I. -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined
       $(pkg-config --cflags libcrypto jansson libsecp256k1 libcbor libseccomp libcurl tss2-esys tss2-mu tss2-tcti-device tss2-tcti-swtpm)"
libs=$(pkg-config --libs libcrypto jansson libsecp256k1 libcbor libseccomp libcurl tss2-esys tss2-mu tss2-tcti-device tss2-tcti-swtpm)
src=$(git ls-files -co --exclude-standard 'base/*.c' 'quote/*.c' 'policy/*.c' 'agent/*.c' |
    grep -vxE 'agent/(main|build_release)\.c')
printf '%s\n' $src | xargs -P "$(nproc)" -I{} sh -c '
    o='"$out"'/obj/$(echo {} | tr / _).o
    [ "$o" -nt {} ] && [ -z "$(find base quote policy agent -name "*.h" -newer "$o" -o -name "*.def" -newer "$o" | head -n 1)" ] ||
        clang '"$(echo $flags)"' -fsanitize=fuzzer-no-link -c {} -o "$o" || exit 255' || exit 1
rm -f "$out"/libfuzzed.a "$out"/*.result
printf '%s\n' $src | sed "s|/|_|g; s|^|$out/obj/|; s|\$|.o|" | xargs ar rcs "$out/libfuzzed.a" || exit 1

# one FUZZER.c: built and run; its line in NAME.result, "passed" or "failed" first. As many at a time as there are processors.
one='f=$0
name=$(basename "$f" .c)
corpus=$out/corpus-$name seeds=tests/fuzz/seeds/$name
mkdir -p "$corpus"
[ -d "$seeds" ] || seeds=
if ! clang $flags -fsanitize=fuzzer "$f" "$out/libfuzzed.a" $libs -o "$out/$name" >"$out/$name.log" 2>&1; then
    echo "failed $name was not built" >"$out/$name.result"
elif "$out/$name" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=1024 -print_final_stats=1 \
    -artifact_prefix="$out/$name." "$corpus" $seeds >"$out/$name.log" 2>&1; then
    echo "passed $name $(sed -nE "s/^stat::number_of_executed_units: *//p" "$out/$name.log")" >"$out/$name.result"
else
    echo "failed $name" >"$out/$name.result"
fi'
export flags libs out seconds
names=''
for f in tests/fuzz/*_fuzz.c; do
    name=$(basename "$f" .c)
    [ $# -eq 0 ] || case " $* " in *" ${name%_fuzz} "*) ;; *) continue ;; esac
    names="$names $name"
done
for name in $names; do echo "tests/fuzz/$name.c"; done | xargs -P "$(nproc)" -n 1 sh -c "$one"
passed=0 failed=0
for name in $names; do
    result='' what='' runs=''
    [ ! -s "$out/$name.result" ] || read -r result what runs <"$out/$name.result"
    if [ "$result" = passed ]; then
        printf '  %-28s %s executions\n' "$what" "$runs"
        passed=$((passed + 1))
    else
        tail -n 40 "$out/$name.log"
        echo "FAILED $name"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
