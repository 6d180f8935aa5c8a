# shellcheck shell=bash
# Debian 13's Chromium, without windows, and ESLint (with Node): what opens and reads the pages and scripts that are made here.
# `in-root --browser CMD` runs CMD in it. About 700 MB; only `setup browser` makes it.

# shellcheck disable=SC2034
browser_packages="chromium-headless-shell eslint fonts-dejavu-core base-files dash coreutils"

make_browser() {
    local architecture
    architecture=$(dpkg --print-architecture)
    apt_area browser "$architecture" trixie
    # shellcheck disable=SC2086
    unpack_closure browser "$1" $browser_packages
}
