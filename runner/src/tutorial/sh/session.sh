# --- Connections that stay open -------------------------------------------------------------------

# psql says this when it has done all that it was sent.
mark=--all-done-4cf1a9e07b52--

# open_session NUMBER PROGRAM…: starts a psql that gets one statement after the other.
open_session() {
    mkfifo "$scratch/to-$1"
    : >"$scratch/from-$1"
    "${@:2}" <"$scratch/to-$1" >>"$scratch/from-$1" 2>&1 &
    eval "exec $((20 + $1))>\"\$scratch/to-\$1\""
}

# send NUMBER SESSION MARK [SQL]: does not wait for the answer.
send() {
    fill "${4-$(cat)}"
    shown "$2=$3 " "$2-$3 "
    printf '%s\n\\echo %s\n' "$text" "$mark" >&$((20 + $1))
}

# answer NUMBER: waits for what psql prints, and shows it.
answer() {
    what='an answer in a session' deadline=$((SECONDS + 120))
    until grep -qx -e "$mark" "$scratch/from-$1"; do breathe; done
    out=$(sed -e "/^$mark\$/d" -e 's/^psql:<stdin>:[0-9]*: //' "$scratch/from-$1")
    : >"$scratch/from-$1"
    [ -z "$out" ] || printf '%s\n' "$out"
}
