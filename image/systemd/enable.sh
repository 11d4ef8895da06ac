#!/bin/sh
# Links that make a unit folder's units wait for the gate: part of the measured image, not of what `systemctl enable` or a preset
# decides.   enable.sh own|existing UNIT-FOLDER
set -eu
position=$1 units=$2
link() { # UNIT WHO-REQUIRES-IT
    mkdir -p "$units/$2.requires"
    ln -sfn "../$1" "$units/$2.requires/$1"
}
case $position in
own)
    link bootgate.service dstack-prepare.service
    ;;
existing)
    link run-measured.mount dstack-prepare.service
    for unit in app-compose.service dstack-guest-agent.service docker.service containerd.service; do
        link bootgate.service "$unit"
    done
    ;;
*)
    echo "enable: POSITION is own or existing, not $position" >&2
    exit 2
    ;;
esac
