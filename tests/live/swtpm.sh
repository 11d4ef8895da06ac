# shellcheck shell=sh disable=SC2154,SC2034
# A software TPM for scripts: sourced after tests/chain/lib.sh, whose $work it uses. The caller's EXIT trap calls tpm_off.
# tpm_prepare sets $tcti; tpm_on [DIGEST] is a reset: the same TPM starts anew, and "firmware" measures into PCR 4 and 7.
tpm_pid=''
tpm_measured=$(printf 'what firmware measured' | sha256sum | cut -d' ' -f1)

tpm_prepare() {
    tpm_port=$(python3 "$root/tests/e2e/release_oracle.py" ports 2) || say_stop 'no free ports for a TPM'
    tcti=swtpm:host=127.0.0.1,port=$tpm_port
    TPM2TOOLS_TCTI=$tcti
    export TPM2TOOLS_TCTI
    mkdir "$work/tpm"
}

tpm_off() {
    [ -z "$tpm_pid" ] || { kill -9 "$tpm_pid"; wait "$tpm_pid"; } 2>/dev/null
    tpm_pid=''
}

tpm_on() {
    tpm_off
    tpm_run
    tries=0
    until tpm2_pcrextend "4:sha256=${1:-$tpm_measured}" "7:sha256=${1:-$tpm_measured}" 2>/dev/null; do
        tries=$((tries + 1))
        [ $tries -lt 1200 ] || say_stop "swtpm does not answer: $(cat "$work/swtpm.log")"
        kill -0 "$tpm_pid" 2>/dev/null || tpm_run # its port was not free yet
        sleep 0.05
    done
}

tpm_run() {
    swtpm socket --tpm2 --tpmstate dir="$work/tpm" --flags not-need-init,startup-clear \
        --server type=tcp,bindaddr=127.0.0.1,port="$tpm_port" --ctrl type=tcp,bindaddr=127.0.0.1,port=$((tpm_port + 1)) \
        2>"$work/swtpm.log" &
    tpm_pid=$!
}
