# --- How commands are run and shown ---------------------------------------------------------------

scratch=$(mktemp -d)
names=() values=() # what stands for the page's placeholders (<backup:1>) in this run
wanted=success quiet='' out='' text='' what='' deadline=0
shopt -u patsub_replacement 2>/dev/null || :

ours=org.pgdrill.tutorial.run=$(date +%s)-$$ # the label of this run's containers

# The docker client, whose containers get the label.
docker() {
    case $1 in
    run) command docker run --label "$ours" "${@:2}" ;;
    *) command docker "$@" ;;
    esac
}

# remove_containers: those of this run, and no other of the same name.
remove_containers() {
    local id
    for id in $(command docker ps -aq --no-trunc --filter "label=$ours"); do
        command docker rm -fv "$id" >/dev/null 2>&1 || :
    done
}

die() {
    printf '\nerror: %s\n' "$1" >&2
    exit 1
}

# value PLACEHOLDER VALUE: what it stands for from here on.
value() {
    names+=("$1")
    values+=("$2")
}

# bind PLACEHOLDER LINE PATTERN: it stands for what the pattern's group matches in that line of what
# the last command printed.
bind() {
    local found
    found=$(printf '%s\n' "$out" | sed -n "$2s/^$3 *\$/\\1/p")
    [ -n "$found" ] || die "line $2 of this was expected to tell the value of $1:
$out"
    value "$1" "$found"
}

# Puts the values into a text; the result is in $text.
fill() {
    local i value
    text=$1
    for ((i = 0; i < ${#names[@]}; i++)); do
        value=${values[i]}
        text=${text//"${names[i]}"/$value}
    done
}

# shown PROMPT MORE: shows $text after its prompt, and MORE before each further line of it.
shown() {
    local line prompt=$1
    while IFS= read -r line; do
        printf '%s%s\n' "$prompt" "$line"
        prompt=$2
    done <<<"$text"
}

# run PROGRAM…: runs it, keeps what it prints in $out, and shows that.
run() {
    local status=0
    "$@" >"$scratch/out" 2>&1 || status=$?
    out=$(sed 's/^psql:<stdin>:[0-9]*: //' "$scratch/out")
    if [ -n "$out" ] && [ -z "$quiet" ]; then
        printf '%s\n' "$out"
    fi
    case $wanted,$status in
    success,0 | anything,*) ;;
    success,*)
        [ -z "$quiet" ] || printf '%s\n' "$out" >&2
        die "that failed, with exit code $status"
        ;;
    failure,0) die 'that was expected to fail, and it did not' ;;
    esac
}

# Run the command that follows without showing what it prints, or expect that it fails.
quietly() {
    quiet=yes
    "$@"
    quiet=''
}
fails() {
    wanted=failure
    "$@"
    wanted=success
}
may_fail() {
    wanted=anything
    "$@"
    wanted=success
}

# host WORD…: a command of the docker client, or pipework's. host_as LINE WORD…: the same, with the
# line that is shown for it.
host() {
    host_as "$*" "$@"
}
host_as() {
    local word words=()
    for word in "${@:2}"; do
        fill "$word"
        words+=("$text")
    done
    fill "$1"
    shown '$ ' '> '
    run "${words[@]}" </dev/null
}

# on [USER@]NODE [COMMAND]: a shell's command in a node; without one it is the standard input.
on() {
    local more='> ' where=("${1#*@}")
    case $1 in *@*) where=(-u "${1%%@*}" "${1#*@}") ;; esac
    fill "${2-$(cat)}"
    case ${text%%$'\n'*} in *'<<'*) more='' ;; esac
    shown "$1\$ " "$more"
    run docker exec "${where[@]}" sh -c "exec 2>&1
$text" </dev/null
}

# The engine does not keep the order of a program's two outputs: they are made one where they come from.
psql=(sh -c 'exec psql -X -v ON_ERROR_STOP=1 "$@" 2>&1' psql)

# sql [USER@]NODE[/DATABASE] [SQL]: SQL by psql in a node.
sql() {
    local node=$1 user=postgres db=postgres mark='#'
    case $node in *@*) user=${node%%@*} node=${node#*@} mark='>' ;; esac
    case $node in */*) db=${node#*/} node=${node%%/*} ;; esac
    fill "${2-$(cat)}"
    shown "$1=$mark " "$1-$mark "
    run docker exec -i "$node" "${psql[@]}" -U "$user" -d "$db" <<<"$text"
}

# ask NODE[/DATABASE] SQL: the value that a statement returns, unshown; none if nobody answers.
ask() {
    local node=$1 db=postgres
    case $node in */*) db=${node#*/} node=${node%%/*} ;; esac
    docker exec "$node" psql -XAtq -d "$db" -c "$2" 2>/dev/null </dev/null || :
}

# step MARKS TITLE: a heading.
step() {
    printf '\n%s %s\n' "$1" "$2"
}

# remark TEXT: says it, and gives what is waited for two minutes.
remark() {
    fill "$1"
    shown '# ' '# '
    what=$text
    deadline=$((SECONDS + 120))
}

# For the loops that wait: some time between two looks.
breathe() {
    [ "$SECONDS" -lt "$deadline" ] || die "this has not happened within two minutes: $what"
    sleep 0.1
}

# --- Before anything is started -------------------------------------------------------------------

command -v docker >/dev/null || die 'the docker client is not installed'
command docker version >/dev/null 2>"$scratch/out" || die "no container engine answers: $(cat "$scratch/out")"

# refuse KIND NAME…: what has one of our names already is somebody's.
refuse() {
    local name kind=$1
    for name in "${@:2}"; do
        ! command docker "$kind" inspect "$name" >/dev/null 2>&1 || taken+=$'\n'"    $kind $name"
    done
}
