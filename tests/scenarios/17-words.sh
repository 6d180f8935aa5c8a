# shellcheck shell=dash
# Help, and what is said to words that are not ours.
# lab: hosts=any

help() {
    for way in help --help -h; do
        expect_status 0 vhart $way
        expect_out '^  probe '
        expect_eq "standard error of $way" "$(cat "$err")" ''
    done
    run vhart
    expect_status 2
    expect_err '^  probe '
    expect_err 'vhart run --kernel'
    expect_no_out .
    for command in run script stat watch trace record report probe; do
        expect_status 0 vhart help $command
        expect_out "^usage: vhart $command "
        cp "$out" first
        expect_status 0 vhart $command --help
        cmp -s first "$out" || die "help $command is not $command --help"
        expect_status 0 vhart $command -h
        cmp -s first "$out" || die "$command -h is not $command --help"
    done
    for way in version --version -V; do
        expect_status 0 vhart $way
        expect_out '^vhart [0-9]+\.[0-9]+'
        expect_out '^built by .* for riscv64'
        expect_out 'Lua 5\.'
    done
}

# mistaken STATUS PATTERN WORDS
mistaken() {
    wanted_status=$1 pattern=$2
    shift 2
    run vhart "$@"
    expect_status "$wanted_status"
    expect_one_line
    expect_err "$pattern"
}

commands() {
    mistaken 2 "'rnu' is not a command: did you mean run\?" rnu
    mistaken 2 'did you mean record\?' rec
    mistaken 2 'did you mean run\?' boot --kernel x
    mistaken 2 'did you mean probe\?' help porbe
    mistaken 2 "'quux' is not a command: 'vhart help' lists them" quux
    mistaken 2 "'--kernel' is not a command, which comes first: vhart run --kernel " --kernel x
}

options() {
    mistaken 125 '--memory 1: expected' run -m 1
    mistaken 125 'unknown option -smp: did you mean --cpus\?' run -smp 4
    mistaken 125 'unknown option --trans: did you mean --transport\?' run --trans pci
    mistaken 125 'unknown option --isa: did you mean --cpu\?' run --isa rv64gc
}

t "help and version, however they are asked for" help
t "mistyped commands" commands
t "options of other VMMs, and beginnings of ours" options
