#!/bin/sh
# tpm_bench: seal and unseal on a software TPM, a whole process each: median wall time of 20 runs and the most memory.
# Lines of a table: what|median ms|RSS MiB|target. Beside it: tpm2-tools doing only the same unseal's TPM commands.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
VECTORS=${VECTORS:-../shared/vectors}
. "$root/tests/chain/lib.sh"
command -v swtpm >/dev/null 2>&1 || {
    echo 'skipped|swtpm is not installed'
    exit 0
}
. "$root/tests/live/swtpm.sh"
trap 'tpm_off; clean_up' EXIT
tpm_prepare
tpm_on
gate=$BUILD/test/bootgate
runs=${RUNS:-20}

release_config() { # BLOB
    printf '{"chain":{"source":"pinned","chain_id":31337,"kms_contract":"0x%040d","block_hash":"0x%064d"},"rpc":["http://127.0.0.1:9"],
"policy":{"require_freshness":"host-clock"},"release":{"tpm":{"class":"host","accept_host_tpm":true,"boot_pcrs":[4,7],"gate_pcr":12,"boot_log":"none",
"blob":"%s"},"targets":[{"type":"exec","argv":["/usr/bin/sha256sum"]}]}}\n' 1 1 "$1"
}
row() { # WHAT COMMAND..
    what=$1
    shift
    figures=$("$BUILD/bench/process_bench" "$runs" 0 "$@") || say_stop "$what did not run"
    # shellcheck disable=SC2086 # three numbers
    set -- $figures
    printf '%s|%s|%s|-\n' "$what" "$1" "$(echo "$3" | awk '{printf "%.1f", $1 / 1024}')"
}
release_config "$work/seed.blob" >"$work/config.json"
"$gate" seal --tcti "$tcti" --config "$work/config.json" >"$work/log" 2>&1 || say_stop "$(cat "$work/log")"
cat >"$work/seal_anew" <<T
#!/bin/sh
rm -f "$work/seed.blob"
exec "$gate" seal --tcti "$tcti" --config "$work/config.json"
T
chmod +x "$work/seal_anew"
row 'tpm: nothing, a shell that removes a file' sh -c "rm -f '$work/none'"
row 'tpm: seal (with such a shell)' "$work/seal_anew"
row 'tpm: unseal, into one command' "$gate" unseal --tcti "$tcti" --config "$work/config.json"
row 'tpm: tpm2_pcrread, one command of tpm2-tools' tpm2_pcrread sha256:12
