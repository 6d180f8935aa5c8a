# shellcheck shell=dash
# Breakpoints and steps: the script drives, and the guest says what of it was disturbed.
# lab: hosts=6.12,7.2

breakpoints() { expect_status 0 vhart test --timeout 60 "$here/break.lua"; }

t "breakpoints and steps, with what the guest finds" breakpoints
