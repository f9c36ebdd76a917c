# image NAME RECIPE ARGUMENT…: builds it from the folder of that name, unless it is there.
image() {
    local there label=org.pgdrill.tutorial recipe="$2 $base_image" status=0
    if there=$(command docker image inspect -f "{{index .Config.Labels \"$label\"}}" "$1" 2>/dev/null); then
        [ -n "$there" ] || die "there is an image $1 that is not of a tutorial: docker image rm $1 removes it"
        [ "$there" != "$recipe" ] || return 0
    fi
    printf 'image %s: is built, that takes a minute or two\n' "$1" >&2
    command docker build -t "$1" --label "$label=$recipe" "${@:3}" "$scratch/images/$1" \
        >"$scratch/out" 2>&1 || status=$?
    [ "$status" = 0 ] || {
        tail -n 30 "$scratch/out" >&2
        die "the image $1 could not be built"
    }
}

# file PATH [MODE]: the standard input becomes a file of the images' folders.
file() {
    mkdir -p "$scratch/images/$(dirname "$1")"
    cat >"$scratch/images/$1"
    chmod "${2-644}" "$scratch/images/$1"
}
