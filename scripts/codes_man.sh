#!/bin/sh
# codes_man: the table of error codes as a manual page, on standard output.
set -eu
cat <<'T'
.TH BOOTGATE\-CODES 7 "" bootgate "bootgate manual"
.SH NAME
bootgate\-codes \- every error code, what it means and what to do
.SH DESCRIPTION
Each code is raised at one place of the program, keeps its number for ever, and is printed as
.BR BG\-\fINNNN\fR .
.B bootgate explain
.I CODE
prints the same entry offline. The word in parentheses is
.I error.class
of the JSON verdict. The exit status follows from the class: see
.BR bootgate (1).
.SH CODES
T
cat base/errors/*.def | tr '\n' ' ' | sed 's/E(/\nE(/g' |
    sed -nE 's/^E\(([A-Z0-9_]+), *([0-9]+), *ERR_([A-Z]+), *"([^"]*)", *"(([^"\\]|\\.|" *")*)", *"(([^"\\]|\\.|" *")*)"\).*/\2|\3|\4|\5|\7/p' |
    sed -E 's/" +"//g' | sort -n |
    awk -F'|' '{
        text = $4; hint = $5
        gsub(/\\"/, "\"", text); gsub(/\\"/, "\"", hint)
        gsub(/-/, "\\-", text); gsub(/-/, "\\-", hint)
        printf ".TP\n.B BG\\-%04d\n(%s) %s.\n.br\n%s.\n", $1, $3, text, hint
    }'
cat <<'T'
.SH SEE ALSO
.BR bootgate (1),
.BR bootgate (5),
.BR bootgate (7)
T
