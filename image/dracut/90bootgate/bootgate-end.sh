#!/bin/sh
# Sourced by dracut where it would offer a shell, or end the machine by a command that may not be there: the gate ends it.
. /usr/lib/bootgate/bootgate.sh
bootgate_end
