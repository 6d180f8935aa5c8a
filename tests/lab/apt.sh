# shellcheck shell=bash
# Debian packages for other releases and architectures, without touching this machine's apt: each suite set gets its own
# configuration, lists and package cache. Which mirror, which proxy: as this machine's apt says.

debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The mirror is the one this machine takes Debian itself from, in either format of sources. (apt-get indextargets would
# answer for both, but only once package lists are there.) Other vendors' entries have no component main with a Debian
# release as suite.
debian_mirror() {
    local list parts
    if [ -n "${VHART_MIRROR:-}" ]; then
        echo "$VHART_MIRROR"
        return
    fi
    eval "$(apt-config shell list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
    {
        cat "$list" "${parts%/}"/*.list 2>/dev/null | sed 's/#.*//; s/\[[^]]*\]//' |
            awk '$1 == "deb" { for (i = 4; i <= NF; i++) if ($i == "main") print $2, $3 }'
        # One stanza a line first: a field's value goes on in lines that begin with a blank.
        for list in "${parts%/}"/*.sources; do
            [ ! -e "$list" ] || { grep -v '^#' "$list"; echo; }
        done | awk '
            function flush(   i, n, m, u, s) {
                if (field["types"] ~ /(^| )deb( |$)/ && field["components"] ~ /(^| )main( |$)/ && field["enabled"] !~ /no|false/) {
                    split(field["uris"], u); n = split(field["suites"], s)
                    for (i = 1; i <= n; i++) print u[1], s[i]
                }
                delete field; name = ""
            }
            /^[ \t]*$/ { flush(); next }
            /^[^ \t]/ { name = tolower($0); sub(/:.*/, "", name); sub(/^[^:]*:[ \t]*/, "") }
            { gsub(/[ \t]+/, " "); sub(/ $/, ""); field[name] = field[name] (field[name] == "" ? "" : " ") $0 }
            END { flush() }'
    } | awk '
        $2 ~ /^(bookworm|trixie|forky|duke|sid|stable|testing|unstable|oldstable)$/ && $1 !~ /^(cdrom|file|copy):/ {
            print $1; found = 1; exit }
        END { exit !found }' ||
        fail "apt on this machine has no entry for Debian (12 or later, component main): add one, or set VHART_MIRROR to a mirror"
}

check_keyring() {
    [ -r $debian_keyring ] || fail "$debian_keyring is missing, so packages cannot be verified: apt-get install debian-archive-keyring"
}

# apt_area NAME ARCHITECTURE SUITE...: makes the area and reads its package lists, once per set-up (which removes it at its
# end), for whichever of the steps that run at the same time comes first.
apt_area() (
    name=$1 arch=$2
    shift 2
    area=$cache/apt/$name
    exec 8>"$cache/locks/apt-$name"
    flock 8
    [ ! -e "$area/ready" ] || exit 0
    mirror=$(debian_mirror) || exit
    mkdir -p "$area/lists/partial" "$area/cache/archives/partial" "$area/state"
    : >"$area/status"
    # Testing's lists can be past their date on a mirror (seen: two weeks). Signatures are checked all the same.
    late=true
    case " $* " in *" testing "*) late=false ;; esac
    for suite; do
        echo "deb [signed-by=$debian_keyring check-valid-until=$([ $late = true ] && echo yes || echo no)] $mirror $suite main"
    done >"$area/sources.list"
    {
        # Proxies and the like.
        apt-config dump Acquire | grep -E '^Acquire::(http|https|ftp|Retries|ForceIPv|socks)' || true
        cat <<EOF
Dir::State "$area/state";
Dir::State::lists "$area/lists";
Dir::State::status "$area/status";
Dir::Cache "$area/cache";
Dir::Etc::sourcelist "$area/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
APT::Architecture "$arch";
APT::Architectures { "$arch"; };
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
EOF
    } >"$area/apt.conf"
    APT_CONFIG=$area/apt.conf apt-get -q update -o APT::Update::Error-Mode=any || exit 1
    : >"$area/ready"
)

in_area() {
    local area=$cache/apt/$1
    shift
    APT_CONFIG=$area/apt.conf "$@"
}

# unpack_packages AREA FOLDER PACKAGE...: just these packages, nothing they depend on.
unpack_packages() (
    area=$1 to=$2
    shift 2
    mkdir -p "$to/.debs"
    cd "$to/.debs" || exit
    in_area "$area" apt-get -q download "$@"
    for deb in *.deb; do dpkg-deb -x "$deb" "$to"; done
    rm -rf "$to/.debs"
)

# unpack_closure AREA FOLDER [-t SUITE] PACKAGE...: these packages with all they depend on, as a plain tree of files. No maintainer script
# runs, nothing is configured: enough for programs that need only their libraries, and it needs no root.
unpack_closure() {
    local area=$1 to=$2 deb
    shift 2
    mkdir -p "$to/.debs/partial"
    in_area "$area" apt-get -q -y --download-only -o "Dir::Cache::archives=$to/.debs" -o Debug::NoLocking=true install "$@"
    for deb in "$to"/.debs/*.deb; do
        dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$to" --no-same-owner --exclude='./usr/share/doc/*' \
            --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*'
    done
    rm -rf "$to/.debs"
}

# The newest package of the form the meta package depends on: versions move, so none is written down here.
depends_of() {
    in_area "$1" apt-cache depends "$2" | sed -n "s/^ *Depends: \($3\)\$/\1/p" | head -n 1
}
