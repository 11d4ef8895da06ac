#!/bin/sh
# The sandbox around a whole boot: what each process did after it was confined (strace), and that nothing is missing in
# there: names by every way that a resolver has, TLS with the image's CA certificates. In namespaces of its own, where the
# name server and the files under /etc are the test's. Prints "N passed, N failed, N skipped".
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
VECTORS=${VECTORS:-../shared/vectors}
for tool in swtpm tpm2_pcrextend python3 strace openssl unshare; do
    command -v $tool >/dev/null 2>&1 && continue
    echo "skipped all cases: $tool is not installed"
    echo '0 passed, 0 failed, 1 skipped'
    exit 0
done
if [ "${BOOTGATE_TEST_INSIDE:-}" != yes ]; then
    "$root/tests/chain/setup.sh" || exit 1
    if ! unshare -n -m true 2>/dev/null; then
        echo 'skipped all cases: no right to make namespaces'
        echo '0 passed, 0 failed, 1 skipped'
        exit 0
    fi
    BOOTGATE_TEST_INSIDE=yes exec unshare -n -m "$0" "$@"
fi
python3 - <<'END' || exit 1
import fcntl, socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
flags = struct.unpack("16sh", fcntl.ioctl(s, 0x8913, struct.pack("16sh", b"lo", 0))[:18])[1]
fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", flags | 1))
END
. "$root/tests/chain/lib.sh"
. "$root/tests/live/swtpm.sh"
cd "$root" || exit 1
ASAN_OPTIONS=exitcode=99:detect_leaks=1
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export ASAN_OPTIONS UBSAN_OPTIONS
unset http_proxy https_proxy all_proxy ALL_PROXY BOOTGATE_CONFIG
passed=0 failed=0 skipped=0
memory=$(mktemp -d /dev/shm/bootgate-e2e.XXXXXX) || exit 1
finish() {
    tpm_off
    rm -rf "$memory"
    clean_up
}
trap finish EXIT

# is NAME EXPECTED ACTUAL
is() {
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED $build_name $1: $3, expected $2"
        [ ! -s "$work/err" ] || head -n 3 "$work/err"
    fi
}

# --- the stage ------------------------------------------------------------------------------------------------
mkdir "$work/etc" "$work/tls"
printf 'nameserver 127.0.0.53\noptions timeout:1 attempts:2\n' >"$work/etc/resolv.conf"
printf '127.0.0.1 localhost\n127.0.0.1 hosts.test\n' >"$work/etc/hosts"
printf 'hosts: files dns\n' >"$work/etc/nsswitch.conf"
for name in resolv.conf hosts nsswitch.conf; do
    mount --bind "$work/etc/$name" "/etc/$name" || say_stop "/etc/$name cannot be replaced"
done
python3 "$root/tests/e2e/dns_serve.py" "$work/dns" >"$work/dns.log" 2>&1 &
background="$background $!"
wait_for "$work/dns" $!

tpm_prepare
at=$real_at
mkdir "$work/own"
"$BUILD/tools/mkbundle" "$work/own" $at >"$work/own/log" 2>&1 || say_stop "mkbundle: $(cat "$work/own/log")"
boot_infos own "$work/own/bundle.json" UpToDate
chain_start $((at - 3600)) "own=$work/own-app.json,$work/own-kms.json"
port=${rpc##*:}
port=${port%%/*}
printf '\000\001\002\003\004\005\006\007\010\011\012\013\014\015\016\017\020\021\022\023\024\025\026\027\030\031\032\033\034\035\036\037' >"$work/seed"
chmod 400 "$work/seed"
target=$memory/target

# write_config RPC-URLS [MEMBERS-OF-RELEASE]: each URL in quotes, with commas
write_config() {
    printf '{"chain":{"source":"pinned","chain_id":31337,"kms_contract":"%s","block_hash":"%s"},"rpc":[%s],
"policy":{"require_freshness":"host-clock"},"release":{"tpm":{"class":"host","accept_host_tpm":true,"boot_pcrs":[4,7],
"gate_pcr":12,"boot_log":"none","blob":"%s"},"targets":[{"type":"file","path":"%s/key"}]%s}}\n' \
        "$kms" "$(value evidence.own.states.allowed.hash)" "$1" "$work/seed.blob" "$target" "${2:+,$2}" >"$work/config.json"
}

# gate BEFORE.. -- boot with evidence from files; leaves status, $work/out and err
boot() {
    rm -rf "$target"
    mkdir -m 700 "$target"
    tpm_on
    "$@" "$program" boot --config "$work/config.json" --tcti "$tcti" --bundle "$work/own/bundle.json" \
        --root "$work/own/root.der" --at $at --json >"$work/out" 2>"$work/err" </dev/null
    status=$?
}
code() {
    node "$root/tests/chain/flat.mjs" "$work/out" 2>/dev/null | sed -n 's/^error\.code=//p'
}
notes() {
    node "$root/tests/chain/flat.mjs" "$work/out" 2>/dev/null | grep -oE 'BG-[0-9]+' | sort -u | tr '\n' ' '
}
key_is_there() {
    [ -s "$target/key" ] && echo yes || echo no
}

provision() {
    tpm_on
    rm -f "$work/seed.blob"
    write_config "\"$rpc\""
    "$program" seal --config "$work/config.json" --tcti "$tcti" --seed "$work/seed" >"$work/out" 2>"$work/err" </dev/null
    is 'seal: status' 0 $?
}

# --- what was called ------------------------------------------------------------------------------------------
traced() {
    if ! strace -o "$work/try" true 2>/dev/null; then
        echo 'skipped 7 cases: strace may not trace here'
        skipped=$((skipped + 7))
        return
    fi
    mkdir -p "$work/trace"
    for name in 127.0.0.1 node.test long.test; do
        rm -f "$work/trace"/*
        write_config "\"http://$name:$port\""
        boot strace -ff -s 128 -o "$work/trace/t"
        is "traced at $name: status" 0 "$status"
        said=$(python3 "$root/tests/e2e/sandbox_trace.py" "$work/trace/t")
        is "traced at $name: calls" 0 $?
        case $said in *FORBIDDEN* | *MISSING* | *UNCONFINED* | *children*) printf '%s\n' "$said" ;; esac
    done
    # The control: the same decision without a sandbox opens files and starts threads; that is seen.
    printf '{"rpc":["http://node.test:%s"],"chain":{"source":"pinned","chain_id":31337,"kms_contract":"%s","block_hash":"%s"}}\n' \
        "$port" "$kms" "$(value evidence.own.states.allowed.hash)" >"$work/check.json"
    strace -f -o "$work/trace/control" "$program" check --config "$work/check.json" --bundle "$work/own/bundle.json" \
        --root "$work/own/root.der" --at $at >/dev/null 2>&1 </dev/null
    sed -i 's/^[0-9]* *//' "$work/trace/control"
    said=$(python3 "$root/tests/e2e/sandbox_trace.py" --as decide "$work/trace/control")
    is 'the control is caught' 1 $?
    is 'the control is caught for its files' yes "$(case $said in *'openat('*) echo yes ;; esac)"
}

# --- what a kernel may lack -----------------------------------------------------------------------------------
older_kernels() {
    strace -o "$work/try" true 2>/dev/null || return # traced has said so
    write_config "\"http://node.test:$port\""
    boot
    is 'this kernel: status' 0 "$status"
    is 'this kernel: notes' '' "$(notes)"
    # None; an older one, as far as its number goes, which each process asks for first.
    for lack in error=ENOSYS:Landlock.0.of.6 error=EOPNOTSUPP:Landlock.0.of.6 retval=3:when=1:Landlock.3.of.6; do
        boot strace -f -o /dev/null -e trace=landlock_create_ruleset -e "inject=landlock_create_ruleset:${lack%:*}"
        is "${lack%:*}: status" 0 "$status"
        is "${lack%:*}: a key" yes "$(key_is_there)"
        is "${lack%:*}: notes" 'BG-2080 ' "$(notes)"
        is "${lack%:*}: says" yes "$(grep -q "${lack##*:}" "$work/out" && echo yes)"
    done
    # What is there and can't be had is no older kernel: nothing runs unconfined.
    for lack in seccomp:error=EINVAL capset:error=EPERM landlock_restrict_self:error=EPERM landlock_add_rule:error=EINVAL; do
        boot strace -f -o /dev/null -e "trace=${lack%%:*}" -e "inject=$lack"
        is "$lack: a yes" no "$([ "$status" = 0 ] && echo yes || echo no)"
        is "$lack: a key" no "$(key_is_there)"
    done
}

# --- names ----------------------------------------------------------------------------------------------------
names() {
    for name in 127.0.0.1 localhost hosts.test node.test both.test long.test NODE.test; do
        write_config "\"http://$name:$port\""
        boot
        is "$name: status" 0 "$status"
        is "$name: a key" yes "$(key_is_there)"
    done
    for name in none.test six.test garbage.test silent.test; do
        write_config "\"http://$name:$port\""
        boot
        is "$name: status" 3 "$status"
        is "$name: a key" no "$(key_is_there)"
        case $name in
        six.test) is "$name: code" 'BG-1062 ' "$(notes)" ;; # it has an address: nothing listens there
        *) is "$name: code" 'BG-1076 ' "$(notes)" ;;
        esac
    done
    # One that is not known does not keep the others from being asked, nor does one that is silent for long.
    for first in none.test silent.test garbage.test; do
        write_config "\"http://$first:$port\",\"http://node.test:$port\"" '"deadline_s":100'
        began=$(date +%s)
        boot
        is "$first, then node.test: status" 0 "$status"
        is "$first, then node.test: not at the deadline" yes "$([ $(($(date +%s) - began)) -le 90 ] && echo yes || echo no)"
    done
    # The deadline holds inside too.
    write_config "\"http://silent.test:$port\"" '"deadline_s":3'
    began=$(date +%s)
    boot
    is 'silent.test, 3 s: status' 3 "$status"
    is 'silent.test, 3 s: not much later' yes "$([ $(($(date +%s) - began)) -le 60 ] && echo yes || echo no)"
}

# --- TLS ------------------------------------------------------------------------------------------------------
certificate() { # NAME SUBJECT-ALTERNATIVE-NAME CA
    openssl req -new -newkey rsa:2048 -nodes -keyout "$work/tls/$1.key" -subj "/CN=$1" -out "$work/tls/$1.csr" 2>/dev/null &&
        printf 'subjectAltName=%s\n' "$2" >"$work/tls/$1.ext" &&
        openssl x509 -req -in "$work/tls/$1.csr" -CA "$work/tls/$3.pem" -CAkey "$work/tls/$3.key" -CAcreateserial -days 30 \
            -extfile "$work/tls/$1.ext" -out "$work/tls/$1.pem" 2>/dev/null
}
authority() { # NAME
    openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=$1" -keyout "$work/tls/$1.key" -out "$work/tls/$1.pem" 2>/dev/null
}
tls_start() {
    authority ca && authority other && certificate node DNS:node.test ca || say_stop 'openssl makes no certificates'
    python3 "$root/tests/e2e/tls_serve.py" "$work/tls/node.pem" "$work/tls/node.key" "$port" "$work/tls/port" >"$work/tls/port.log" 2>&1 &
    background="$background $!"
    wait_for "$work/tls/port" $!
    tls=$(cat "$work/tls/port")
    bundle=/etc/ssl/certs/ca-certificates.crt
    : >"$work/tls/used.pem"
    [ -f "$bundle" ] || say_stop "no $bundle to replace"
    mount --bind "$work/tls/used.pem" "$bundle"
}

tls() {
    # CA-FILE HOST STATUS CODES
    for case in ca:node.test:0: other:node.test:3:BG-1062 ca:both.test:3:BG-1062 ca:127.0.0.1:3:BG-1062; do
        IFS=: read -r ca host want codes <<END
$case
END
        cat "$work/tls/$ca.pem" >"$work/tls/used.pem"
        write_config "\"https://$host:$tls\""
        boot
        is "https://$host by $ca: status" "$want" "$status"
        [ -z "$codes" ] || is "https://$host by $ca: code" "$codes " "$(notes)"
    done
    # Without certificates https is refused, and http works as before.
    : >"$work/tls/used.pem"
    write_config "\"https://node.test:$tls\""
    boot
    is 'https without certificates: status' 3 "$status"
    is 'https without certificates: code' 'BG-2099 ' "$(notes)"
    write_config "\"https://node.test:$tls\",\"http://node.test:$port\""
    boot
    is 'https without certificates, then http: status' 0 "$status"
}

[ -x "$BUILD/test/bootgate" ] || say_stop "no $BUILD/test/bootgate: run make test-build"
tls_start
builds="plain=$BUILD/test/bootgate"
[ ! -x "$BUILD/asan/test/bootgate" ] || builds="$builds asan=$BUILD/asan/test/bootgate"
for build in $builds; do
    build_name=${build%%=*} program=${build#*=}
    provision
    [ "$build_name" != plain ] || traced # the sanitizers make calls of their own
    [ "$build_name" != plain ] || older_kernels
    names
    tls
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
