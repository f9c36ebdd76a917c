# --- The network ----------------------------------------------------------------------------------
#
# The bridges of a tutorial are not made on this machine, where they would meet its firewall and its
# own addresses. One container, the fabric, has them in its network namespace; a node has no network
# of the engine's, and gets its interfaces from there: eth0 is on the LAN lan0, where nodes know each
# other by name. The fabric sees the processes of the engine's machine to find the nodes' namespaces.

fabric=pgdrill-fabric
lan=()    # names in the order of their addresses
on_lan=() # nodes that are there
cables=() # NODE INTERFACE BRIDGE ADDRESS

start_fabric() {
    command docker run -d --label "${ours-org.pgdrill.tutorial}" --name "$fabric" --hostname docker-host --network none --pid host --user root \
        --cap-add NET_ADMIN --cap-add NET_RAW --cap-add SYS_ADMIN --cap-add SYS_PTRACE \
        --sysctl net.ipv4.conf.all.arp_ignore=1 --entrypoint sleep pg-base infinity >/dev/null
    in_fabric sh -c "$bridges; bridge lan0 && ip addr add 172.28.0.1/16 dev lan0"
}

in_fabric() {
    command docker exec "$fabric" "$@"
}

# Functions for a shell of the fabric. A MAC is made of a name, so that it stays the same.
bridges='
    mac() {
        printf %s "$1" | sha256sum | sed "s/\(..\)\(..\)\(..\)\(..\)\(..\).*/02:\1:\2:\3:\4:\5/"
    }
    bridge() {
        [ -e "/sys/class/net/$1" ] || ip link add "$1" address "$(mac "bridge.$1")" up \
            type bridge stp_state 0 forward_delay 0 mcast_snooping 0
    }'

# plug NODE INTERFACE BRIDGE ADDRESS[@GATEWAY]: a cable from the node to the bridge.
plug() {
    local pid
    pid=$(command docker inspect -f '{{.State.Pid}}' "$1") || return
    # shellcheck disable=SC2016 # the fabric's shell expands it
    in_fabric sh -ec "$bridges"'
        bridge "$3"
        [ ! -e "/sys/class/net/$1.$2" ] || ip link del "$1.$2" || :
        ip link add "$1.$2" master "$3" up type veth peer name "$2" address "$(mac "$1.$2")" netns "$5"
        inside() { nsenter -t "$pid" -n ip "$@"; }
        pid=$5
        inside link set "$2" addrgenmode none || :
        [ "${4%@*}" = 0/0 ] || inside addr add "${4%@*}" dev "$2"
        inside link set "$2" up
        case $4 in *@*) inside route replace default via "${4#*@}" dev "$2" ;; esac
    ' plug "$@" "$pid"
}

# Tells a node's hosts file the names of the LAN from a number on.
tell() {
    local i lines=
    for ((i = $2; i < ${#lan[@]}; i++)); do
        lines="$lines$(lan_address "$i") ${lan[i]}"$'\n'
    done
    command docker exec -i -u root "$1" sh -c 'cat >>/etc/hosts' <<<"${lines%$'\n'}"
}

lan_address() {
    echo "172.28.$((($1 + 2) / 256)).$((($1 + 2) % 256))"
}

# connect NODE: puts it on the LAN; its address is the next one, or the one that it had.
connect() {
    local i node new=yes
    for ((i = 0; i < ${#lan[@]}; i++)); do
        [ "${lan[i]}" != "$1" ] || { new= && break; }
    done
    plug "$1" eth0 lan0 "$(lan_address "$i")/16" || return
    cables+=("$1 eth0 lan0 $(lan_address "$i")/16")
    if [ -n "$new" ]; then
        lan+=("$1")
        for node in ${on_lan[@]+"${on_lan[@]}"}; do
            tell "$node" "$i" || :
        done
        in_fabric sh -c "echo '$(lan_address "$i") $1' >>/etc/hosts"
    fi
    on_lan+=("$1")
    tell "$1" 0
}

# The docker client, whose nodes are on these networks.
docker() {
    case $1 in
    run) run_node "${@:2}" ;;
    start) command docker "$@" && plug_again "$2" ;;
    rm) command docker "$@" && forget "${@:2}" ;;
    *) command docker "$@" ;;
    esac
}

run_node() {
    local i name='' network=(--network none)
    for ((i = 1; i < $#; i++)); do
        case ${!i} in
        --name) name=${*:i+1:1} ;;
        --network) network=() ;;
        esac
    done
    command docker run --label "${ours-org.pgdrill.tutorial}" --hostname "$name" --cap-add NET_ADMIN --cap-add NET_RAW \
        --sysctl net.ipv4.ip_forward=0 ${network[@]+"${network[@]}"} "$@" || return
    [ ${#network[@]} -eq 0 ] || connect "$name"
}

# A machine that was off has lost its interfaces and the names.
plug_again() {
    local cable node interface bridge address
    for cable in ${cables[@]+"${cables[@]}"}; do
        read -r node interface bridge address <<<"$cable"
        [ "$node" != "$1" ] || plug "$node" "$interface" "$bridge" "$address" || return
    done
    for node in ${on_lan[@]+"${on_lan[@]}"}; do
        [ "$node" != "$1" ] || tell "$1" 0 || return
    done
}

forget() {
    local cable node left=() there=()
    for cable in ${cables[@]+"${cables[@]}"}; do
        case " $* " in *" ${cable%% *} "*) ;; *) left+=("$cable") ;; esac
    done
    for node in ${on_lan[@]+"${on_lan[@]}"}; do
        case " $* " in *" $node "*) ;; *) there+=("$node") ;; esac
    done
    cables=(${left[@]+"${left[@]}"})
    on_lan=(${there[@]+"${there[@]}"})
}

# pipework BRIDGE -i INTERFACE NODE ADDRESS/LENGTH[@GATEWAY]
pipework() {
    if [ $# != 5 ] || [ "$2" != -i ]; then
        echo 'usage here: pipework BRIDGE -i INTERFACE NODE ADDRESS/LENGTH[@GATEWAY]' >&2
        return 2
    fi
    plug "$4" "$3" "$1" "$5" && cables+=("$4 $3 $1 $5")
}

# What is typed on the Docker host and is about networks is meant for the fabric.
ip() { in_fabric ip "$@"; }
brctl() { in_fabric brctl "$@"; }
bridge() { in_fabric bridge "$@"; }
tc() { in_fabric tc "$@"; }
nft() { in_fabric nft "$@"; }
ping() { in_fabric ping "$@"; }
arping() { in_fabric arping "$@"; }
