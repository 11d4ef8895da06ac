#!/bin/sh
# Sourced by dracut's init, process 1, before it mounts the root file system.
. /usr/lib/bootgate/bootgate.sh
bootgate_guard
