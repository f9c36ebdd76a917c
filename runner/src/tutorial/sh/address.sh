# at_host COMMAND: any other command of the Docker host.
at_host() {
    fill "$1"
    shown '$ ' '> '
    run in_fabric sh -c "exec 2>&1
$text" </dev/null
}

# sql_at [USER@]ADDRESS[/DATABASE] [SQL]: SQL through an address, as a client on the Docker host.
sql_at() {
    local at=$1 user=postgres db=postgres mark='#' session=any
    case $at in *@*) user=${at%%@*} at=${at#*@} mark='>' ;; esac
    case $at in */*) db=${at#*/} at=${at%%/*} ;; esac
    # Of several addresses it is the first that takes writes.
    case $at in *,*) session=read-write ;; esac
    fill "${2-$(cat)}"
    shown "$1=$mark " "$1-$mark "
    run command docker exec -i -e PGCONNECT_TIMEOUT=10 -e PGTARGETSESSIONATTRS="$session" "$fabric" \
        "${psql[@]}" -h "$at" -U "$user" -d "$db" <<<"$text"
}
