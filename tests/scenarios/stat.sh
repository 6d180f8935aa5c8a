# shellcheck shell=dash disable=SC2034,SC2154
# For the scenarios of vhart stat: a run whose exits are known.

# What guests/exits.elf makes on each of 2 harts.
calls=100 mmio=50 csr=30 halts=5 halt_us=20000
exits="harts=2 calls=$calls mmio=$mmio csr=$csr halts=$halts us=$halt_us spin=1000000"

# stat_of FILE OPTIONS: JSON of a run from its start
stat_of() {
    file=$1
    shift
    run vhart stat --json -o "$file" "$@" -- run --cpus 2 --memory 64M --pmu kvm --kernel /guests/exits.elf --append "$exits"
    expect_status 0
    expect_out 'end$'
}

# refuses PATTERN OPTIONS: in one line that matches, and with no table
refuses() {
    pattern=$1
    shift
    run vhart stat "$@"
    expect_status 2
    expect_err "$pattern"
    expect_one_line
    [ ! -s "$out" ] || die "and a table: $(cat "$out")"
}
