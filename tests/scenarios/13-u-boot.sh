# shellcheck shell=dash
# Firmware, and what it boots.
# lab: hosts=6.12,7.2

# le NUMBER: four bytes, little-endian.
le() {
    # shellcheck disable=SC2059
    printf "$(printf '\\%03o\\%03o\\%03o\\%03o' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)))"
}

# Resets at once, by SBI SRST (li a7, 0x53525354; li a6, 0; li a0, 1; li a1, 0; ecall).
silent_resets() {
    for instruction in 0x535258b7 0x35488893 0x00000813 0x00100513 0x00000593 0x00000073 0x0000006f; do
        le $((instruction))
    done >reset
    talk vhart run --firmware reset --memory 16M
    await 'has reset 3 times within seconds' "$err"
    kill "$pid"
    hang_up
    expect_eq "the lines about it" "$(grep -c 'has reset' "$err")" 1
    run vhart run --firmware reset --memory 16M --on-reboot exit
    expect_no_err 'has reset'
}

t "a guest that resets again and again in silence is worth a line" silent_resets
