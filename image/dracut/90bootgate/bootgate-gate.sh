#!/bin/sh
# Sourced by dracut. In initqueue/settled it comes by more than once: the gate is asked once.
. /usr/lib/bootgate/bootgate.sh
[ -e /run/bootgate/allowed ] || bootgate_gate
