# --- Clients --------------------------------------------------------------------------------------

# clients NUMBER TABLE ADDRESS: starts clients that insert one row after the other, each in a
# connection of its own, and note what was acknowledged and when.
clients() {
    local i
    writers=$1 table=$2
    # Of several addresses it is the first that takes writes; those that are silent take their time.
    local patience=2 session=any
    case $3 in *,*) patience=10 session=read-write ;; esac
    in_fabric sh -c 'rm -rf /tmp/clients && mkdir /tmp/clients && : >/tmp/clients/acked'
    for ((i = 1; i <= writers; i++)); do
        # shellcheck disable=SC2016 # the fabric's shell expands it
        command docker exec -d -e PGCONNECT_TIMEOUT=2 -e PGTARGETSESSIONATTRS="$session" "$fabric" sh -c '
            n=1
            while [ ! -e /tmp/clients/stop ]; do
                if timeout "$4" psql -Xq -h "$3" -U postgres -c "insert into $2 values ($1, $n)" \
                    >/dev/null 2>&1
                then echo "$1 $n $(date +%s)" >>/tmp/clients/acked
                else sleep 0.05
                fi
                n=$((n + 1))
            done
            echo "$1" >>/tmp/clients/ended
        ' client "$i" "$table" "$3" "$patience"
    done
    what='each client has a row acknowledged' deadline=$((SECONDS + 120))
    until [ "$(in_fabric cut -d' ' -f1 /tmp/clients/acked | sort -u | wc -l)" -ge "$writers" ]; do breathe; done
}

acknowledged() {
    in_fabric sh -c 'wc -l </tmp/clients/acked'
}

# stop_clients ADDRESS: stops them when they are served, and reads their rows back.
stop_clients() {
    local before
    what='the clients are served' deadline=$((SECONDS + 120)) before=$(acknowledged)
    until [ "$(acknowledged)" -gt "$before" ]; do breathe; done
    in_fabric touch /tmp/clients/stop
    what='the clients have ended'
    until [ "$(in_fabric sh -c 'cat /tmp/clients/ended 2>/dev/null | wc -l')" -ge "$writers" ]; do breathe; done
    in_fabric cut -d' ' -f1,2 /tmp/clients/acked | sort >"$scratch/acked"
    in_fabric psql -XAtF' ' -h "$1" -U postgres -c "select writer, sequence from $table" | sort >"$scratch/kept"
    lost=$(comm -23 "$scratch/acked" "$scratch/kept" | wc -l)
    silence=$(in_fabric cut -d' ' -f3 /tmp/clients/acked | sort -n |
        awk 'NR > 1 && $1 - last > most { most = $1 - last } { last = $1 } END { print most + 0 }')
    printf 'acknowledged: %d rows, lost of them: %d, longest silence: %d s\n' \
        "$(wc -l <"$scratch/acked")" "$lost" "$silence" >&2
}

# at_most LOST and served_within SECONDS: what is expected of it.
at_most() {
    [ "$lost" -le "$1" ] || die "$lost acknowledged rows are lost"
}
served_within() {
    [ "$silence" -le "$1" ] || die "clients were without service for $silence s"
}
