#!/bin/sh
# lint: the rules that no compiler checks. Prints each breach, exits 1 if there was one.
#   lint.sh BUILD_DIR   (the two core archives must have been built there)
set -u
build=${1:-build}
bad=0
say() {
    echo "lint: $1"
    shift
    [ $# -eq 0 ] || printf '%s\n' "$@" | sed 's/^/    /'
    bad=$((bad + 1))
}

# 1. Dependencies point one way: agent -> policy -> quote/boot_info.h -> base, quote -> base.
dir_rule() { # folder, regular expression of includes it may have
    r=$(grep -rnE '^#include "' "$1" --include='*.[ch]' --include='*.def' | grep -vE "#include \"($2)")
    [ -z "$r" ] || say "$1/ includes what it must not" "$r"
}
dir_rule base 'base/'
dir_rule quote '(base|quote)/'
dir_rule policy '(base/|policy/|quote/boot_info\.h)'
dir_rule agent '(base|quote|policy|agent)/'

# .. and only who proves a head may make one.
r=$(grep -rlE '#include "policy/head_make\.h"' base quote policy agent --include='*.[ch]' |
    grep -vxE 'policy/(chain_head|beacon/light_client)\.c')
[ -z "$r" ] || say "policy/head_make.h is included by those who prove no head" "$r"

# 2. The core is pure: no files, sockets, clock, environment, printing, and no memory but the arena's.
for lib in quote policy; do
    [ -f "$build/lib$lib.a" ] || { say "no $build/lib$lib.a: build first"; continue; }
    r=$(nm -u "$build/lib$lib.a" | awk '$1 == "U" {print $2}' | sort -u | grep -xE \
        '_*(open(at)?(64)?(_2)?|f(d)?open(64)?|creat|read|write|p(read|write)(64)?|socket|connect|bind|listen|accept4?|send(to|msg)?|recv(from|msg)?(_chk)?|getaddrinfo|time|clock(_gettime)?|gettimeofday|localtime(_r)?|(secure_)?getenv|(v|f|vf|d|vd)?printf(_chk)?|puts|fputs|putc(har)?|fwrite|perror|syslog|malloc|calloc|realloc(array)?|free|strdup|asprintf(_chk)?|system|popen|fork|vfork|execv[pe]*|s?rand(om)?(_r)?|getrandom|getentropy|abort|_?exit)')
    [ -z "$r" ] || say "lib$lib.a uses what the core must not" "$r"
done

# 3. Every header compiles alone.
for h in $(git ls-files -co --exclude-standard 'base/*.h' 'quote/*.h' 'policy/*.h' 'agent/*.h'); do
    printf '#include "%s"\n' "$h" | ${CC:-gcc} -std=c17 -D_DEFAULT_SOURCE -Wall -Wextra -Werror -I. \
        -fsyntax-only -x c - 2>/dev/null || say "$h does not compile alone"
done

# 4. Every error code is raised at exactly one site (comparisons do not count) and has its texts.
codes=$(sed -nE 's/^E\(([A-Z0-9_]+),.*/\1/p' base/errors/*.def)
sites=$(find base quote policy agent -name '*.[ch]' -exec perl -0pe 's!/\*.*?\*/!!gs' {} + |
    grep -oE '(([!=]=|case) *)?BG_[A-Z0-9_]+' |
    grep -vE '^([!=]=|case)' | sed 's/^BG_//' | sort | uniq -c)
for c in $codes; do
    n=$(printf '%s\n' "$sites" | awk -v c="$c" '$2 == c {print $1}')
    [ "${n:-0}" -eq 1 ] || say "BG_$c is raised at ${n:-0} sites, not one"
done
r=$(sed -nE 's/^E\([A-Z0-9_]+, *([0-9]+),.*/\1/p' base/errors/*.def | sort | uniq -d)
[ -z "$r" ] || say "error numbers used twice" "$r"

# .. and names only members of the configuration that are read.
for k in $(cat base/errors/*.def agent/*.c quote/*.c | grep -v '^#include' | grep -oE '"[^"]*"' |
    grep -oE '\bpolicy\.[a-z_]+' | cut -d. -f2 | sort -u); do
    grep -q "\"$k\"" agent/config*.c || say "the configuration has no policy.$k"
done

# 5. Nothing of one machine, nothing unfinished.
files=$(git ls-files -co --exclude-standard | grep -vE '^(LICENSE|scripts/lint\.sh)$')
r=$(grep -nIE '(^|[^A-Za-z0-9_.])/(work|home|root)/' $files | head -5)
[ -z "$r" ] || say "paths of one machine" "$r"
r=$(grep -nIE '"resolved": *"' $files | head -5)
[ -z "$r" ] || say "download addresses" "$r"
r=$(grep -nIwE 'TODO|FIXME|XXX|HACK' $files | head -5)
[ -z "$r" ] || say "unfinished" "$r"

# 6. A file fits in a head.
for f in $(git ls-files -co --exclude-standard '*.c' '*.h'); do
    n=$(wc -l <"$f")
    [ "$n" -le 600 ] || say "$f has $n lines, at most 600"
done

# 7. Format.
if command -v clang-format >/dev/null; then
    r=$(git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format --dry-run 2>&1 |
        grep -E 'warning: code should be clang-formatted' | cut -d: -f1 | sort -u)
    [ -z "$r" ] || say "not clang-formatted (make format)" "$r"
fi

# 8. Each verb, option and exit status of the program stands in the manual.
if [ -x "$build/bootgate" ]; then
    for v in $("$build/bootgate" --help 2>/dev/null | sed -nE 's/^  ([a-z]+)  .*/\1/p'); do
        grep -q "^\.SS $v" docs/man/bootgate.1 || say "verb $v is not in docs/man/bootgate.1"
    done
    # .. and what a hint tells the user to run is there.
    for v in $(cat base/errors/*.def agent/*.c quote/*.c policy/*.c | grep -oE '`bootgate [a-z]+' | cut -d' ' -f2 | sort -u); do
        "$build/bootgate" --help | grep -q "^  $v  " || say "a hint names a verb that is not there: $v"
    done
    for o in $("$build/bootgate" --help 2>/dev/null | grep -oE -- '--[a-z-]+' | sort -u); do
        grep -qF -- "$(printf '%s' "$o" | sed 's/-/\\-/g')" docs/man/bootgate.1 || say "option $o is not in docs/man/bootgate.1"
    done
fi

# 9. bootgate(5) has every member of the configuration and of the results.
keys=$(perl -0ne 'print "$1\n" while /keys\[\] = \{(.*?)\};/sg' agent/config*.c | grep -oE '"[a-z0-9_]+"')
members=$(grep -ohE '(put\([a-z]+, |s:[a-zA-Z]\??[^"]*", |", )"[a-z0-9_]+"' agent/verdict_json.c | grep -oE '"[a-z0-9_]+"$')
for k in $(printf '%s\n' $keys $members | tr -d '"' | sort -u); do
    grep -qwF -- "$k" docs/man/bootgate.5 || say "docs/man/bootgate.5 does not have the member $k"
done

[ "$bad" -eq 0 ] && echo "lint: clean"
[ "$bad" -eq 0 ]
