# shellcheck shell=bash disable=SC2154
# The modules of a kernel ($kernel, a folder as kernels.sh makes it) in an initramfs ($tree): unpacked, with all that they need,
# in the order in which they have to be loaded.

modules=usr/lib/modules/$(cat "$kernel/version")
mkdir -p "$tree/$modules"
index=$(find "$kernel/modules" -name '*.ko*' -printf '%f %p\n' | sed 's/\.ko[.a-z]* / /' |
    awk '{ gsub("-", "_", $1); print }')
added='' load_order=''

# dependencies_of FILE: what modprobe loads before the module in FILE. The algorithms that it asks for by name (softdep "pre:
# crypto-crc32c") are modules only in some kernels.
dependencies_of() {
    local name
    tr '\0' '\n' <"$1" | sed -n 's/^depends=//p' | tr ',-' ' _'
    for name in $(tr '\0' '\n' <"$1" | sed -n 's/^.*softdep=pre: *//p' | sed 's/post:.*//'); do
        name=${name#crypto-}
        name=${name//-/_}
        awk -v name="$name" '$1 == name || $1 == name "_generic" { print $1; exit }' <<<"$index"
    done
}

# As modprobe wants them: the last is loaded first.
all_dependencies() {
    local next
    [ -e "$tree/$modules/$1.ko" ] || return 0
    echo "$1"
    for next in $(dependencies_of "$tree/$modules/$1.ko"); do all_dependencies "$next"; done
}

unpack_module() {
    case $1 in
        *.xz) xz -dc "$1" ;;
        *.zst) zstd -qdc "$1" ;;
        *) cat "$1" ;;
    esac
}

# add_module NAME LOADED: with all it depends on, before it. LOADED: yes, at boot; no, when somebody asks for it.
add_module() {
    local name=${1//-/_} loaded=$2 file to dependency dependencies
    case " $added " in *" $name "*) return ;; esac
    added="$added $name"
    file=$(awk -v name="$name" '$1 == name { print $2; exit }' <<<"$index")
    if [ -z "$file" ]; then
        tr - _ <"$kernel/modules/modules.builtin" | grep -q "/$name\.ko\$" && return
        echo "kernel $(cat "$kernel/version") has no module $name" >&2
        exit 1
    fi
    to=$modules/$name.ko
    unpack_module "$file" >"$tree/$to"
    dependencies=$(dependencies_of "$tree/$to")
    for dependency in $dependencies; do add_module "$dependency" "$loaded"; done
    {
        printf '%s.ko:' "$name"
        for dependency in $dependencies; do all_dependencies "$dependency"; done | awk '!seen[$0]++ { printf " %s.ko", $0 }'
        echo
    } >>"$tree/$modules/modules.dep"
    if [ "$loaded" = yes ]; then load_order="$load_order $to"; fi
}

# shellcheck disable=SC2086
write_load_order() { printf '/%s\n' $load_order >"$tree/$modules/load"; }
