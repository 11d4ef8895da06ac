#!/bin/sh
# Runs cases that a script wrote down: FOLDER/{program, args}, with an own time limit in FOLDER/limit (seconds; else 300). Leaves
# FOLDER/{status, out, err}, which judge.mjs looks at; a run over its time has status 124.
for one in "$@"; do
    : >"$one/running"
    set --
    while IFS= read -r word; do set -- "$@" "$word"; done <"$one/args"
    limit=300
    [ ! -e "$one/limit" ] || read -r limit <"$one/limit"
    read -r program <"$one/program"
    timeout "$limit" "$program" "$@" >"$one/out" 2>"$one/err" </dev/null &
    running=$!
    trap 'kill $running; exit 143' TERM INT
    wait $running
    echo $? >"$one/status"
done
exit 0
