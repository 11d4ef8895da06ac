#!/bin/sh
# Measured boot under OVMF (tests/vm/ovmf_boot.sh). Prints "N passed, N failed, N skipped".
exec "$(dirname "$0")/../vm/ovmf_boot.sh"
