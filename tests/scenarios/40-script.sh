# shellcheck shell=dash
# Scripts: what they end with, the SBI calls that they answer, and the limits that they have.

example() { expect_status 0 vhart script "/src/examples/$1.lua" "/guests/call.elf"; }

# fails STATUS PATTERN SCRIPT [ARGUMENTS]
fails() {
    printf '%s\n' "$3" >script.lua
    wanted_status=$1 pattern=$2
    shift 3
    expect_status "$wanted_status" vhart script "$@" script.lua
    expect_err "$pattern"
}

spin="vm = machine.new('--kernel /guests/spin.elf --memory 16M --pmu off'):start()"
calls="vm = machine.new{'--kernel', '/guests/call.elf', '--memory', '16M', '--pmu', 'off', '--append', '0x08000001:0'}:start()"

scripts_that_fail() {
    fails 125 'cannot open' '' /nowhere.lua
    fails 1 'script.lua:1: syntax error near' 'this is no Lua'
    fails 1 'script.lua:2: so it is' "
error('so it is')"
    fails 1 'script.lua:1: vm1 does not start' "machine.new('--kernel /nowhere'):start()"
    expect_err -- '--kernel /nowhere: No such file'
    fails 1 'script.lua:1: machine.new: these words' "machine.new('--cpus x')"
    fails 1 "script.lua:1: vm1: no 'hello' on its console within 0.5 s; its last line: spinning" "$spin vm:expect('spinning') vm:expect('hello', 0.5)"
    expect_err '^vhart: hart 0: running in S-mode'
    fails 1 "script.lua:1: vm1 ended \(poweroff\) before 'hello'" "$calls vm:expect('hello', 50)"
    fails 124 "script.lua:1: the script's time is up" "$spin vm:ended()" --timeout 1
    fails 124 "script.lua:1: the script's time is up" 'while true do pcall(function() while true do end end) end' --timeout 1
}

handlers_that_fail() {
    fails 1 'script.lua:1: broken \(hart 0, SBI EID 0x8000001, FID 0x0\)' \
        "sbi.extension{eid = 0x08000001, [0] = function() error('broken') end} $calls vm:ended()"
    fails 1 'script.lua:1: a handler did not return' \
        "sbi.extension{eid = 0x08000001, [0] = function() while true do end end} $calls vm:ended()"
    fails 1 'script.lua:1: ended waits, and a handler must not' \
        "sbi.extension{eid = 0x08000001, [0] = function() vm:ended() end} $calls vm:ended()"
}

# The hart waits; and a machine whose hart waits ends at once.
calls_that_take_time() {
    cat >script.lua <<LUA
sbi.extension{eid = 0x08000001, [0] = function(call) call:delay(1.5) return 0, 7 end,
    [1] = function(call) print("waits") call:delay(10) end}
local began = os.time()
$calls
vm:expect("0x08000001:0 0 7\n")
assert(os.time() > began)
machine.new{"--kernel", "/guests/call.elf", "--memory", "16M", "--append", "0x08000001:1"}:start():expect("calls")
LUA
    expect_status 0 vhart script --allow-host script.lua
}

# A handler has its hart make the call again, with its own answer as arguments; by exit, and by the forward.
registers_of_a_call() {
    cat >script.lua <<'LUA'
local function again(call)
    if call.a0 ~= 5 then return 0, call.a0 * 100 + call.a1 end
    assert(call:register("a0") ~= nil and call:register("priv") == 1)
    return 1, 7, {pc = call:register("pc") - 4, sscratch = call:register("pc")}
end
sbi.extension{eid = 0x08000001, [0] = again}
sbi.extension{eid = 0x12345, [0] = again}
local vm = machine.new{"--kernel", "/guests/call.elf", "--memory", "16M", "--append", "0x08000001:0:5 0x12345:0:5"}
vm:start()
vm:expect("0x08000001:0:5 0 107\n")
vm:expect("0x12345:0:5 0 107\n")
LUA
    expect_status 0 vhart script script.lua
}

# The verbs that look into a machine, as methods.
verbs_in_lua() {
    cat >script.lua <<'LUA'
local vm = machine.new("--kernel /guests/hello.elf --memory 16M"):start{paused = true}
vm:wait("paused")
vm:breakpoint("main")
vm:resume()
vm:wait("breakpoint", 50)
assert(vm:status().state == "paused")
local code = vm:read("main", 8)
assert(#code.bytes == 8 and code.length == 8)
vm:write{address = 0x80f00000, bytes = string.pack("<I8", 0x1122334455667788)}
assert(string.unpack("<I8", vm:read(0x80f00000).bytes) == 0x1122334455667788)
assert(tonumber(vm:registers(0, "pc").registers.pc) == tonumber(code.address))
vm:set(0, "a0", 5)
assert(not pcall(vm.read, vm, 0))
assert(not pcall(vm.read, vm, "nowhere"))
vm:resume()
vm:expect("hello from hart 5\n")
LUA
    expect_status 0 vhart script script.lua
}

# Accesses to devices and to nothing, SBI calls that come by exit and by the forward, and reads of a counter.
exits_are_seen() {
    cat >script.lua <<'LUA'
local vm = machine.new("--kernel /guests/exits.elf --memory 16M --pmu vmm --append 'calls=2 mmio=3 csr=4'")
local seen = {}
local function note(name)
    return function(exit)
        assert(exit.hart == 0 and exit.machine == vm)
        seen[name] = (seen[name] or 0) + 1
    end
end
local written = {}
vm:on_exit({mmio = 0x10000007}, function(exit)
    assert(exit.kind == "mmio" and exit.length == 1)
    if exit.write then written[#written + 1] = exit.value end
end)
vm:on_exit({mmio = {0x10000000, 0x100000ff}}, note("uart"))
vm:on_exit({mmio = 0x101000}, note("rtc"))
vm:on_exit({mmio = 0x10000}, note("nothing"))
vm:on_exit({sbi = sbi.VENDOR, fid = 3}, function(exit)
    assert(exit.kind == "sbi" and exit.a0 == 1 and exit.a1 == 2 and exit.a2 == 3)
    note("vendor")(exit)
end)
vm:on_exit({sbi = sbi.VENDOR, fid = 4}, note("none"))
vm:on_exit({sbi = sbi.PMU, fid = 2}, note("pmu"))
vm:on_exit({csr = 0xc00}, note("cycle"))
sbi.wrap(sbi.HSM, 2, function() end)
vm:on_exit({sbi = sbi.HSM}, note("wrapped"))
local text = ""
vm:on_exit({sbi = sbi.DBCN, fid = 0}, function(exit) text = text .. exit:read(exit.a1, exit.a0) end)
assert(vm:start():ended() == "poweroff")
print(table.concat(written, " "), text)
for _, name in ipairs{"uart", "rtc", "nothing", "vendor", "none", "pmu", "cycle", "wrapped"} do print(name, seen[name]) end
assert(not pcall(vm.on_exit, vm, {csr = 1}, print))
LUA
    expect_status 0 vhart script script.lua
    expect_out '^0 1 2	begin$'
    printf '%s\n' 'uart 6' 'rtc 3' 'nothing 3' 'vendor 2' 'none nil' 'pmu 1' 'cycle 4' 'wrapped 2' >wanted
    sed -n 's/^\([a-z]*\)	\([0-9nil]*\)$/\1 \2/p' "$out" | tail -n 8 | diff wanted - || die "the exits that were seen are not those that the guest makes"
}

# KVM has set the timer by the time that the handler runs, and left the CPU that it was set on.
wrapped_timers_come() {
    cat >script.lua <<'LUA'
sbi.wrap(sbi.TIME, 0, function(call, pass) return pass() end)
local reason, status = machine.new("--kernel /guests/timer_interrupt.elf --memory 16M"):start():ended()
assert(reason == "poweroff" and status == 0, reason .. status)
LUA
    expect_status 0 vhart script script.lua
}

# A failure, and tables that are wrong: each is one line with file and line.
exits_that_fail() {
    fails 1 "script.lua:1: on_exit: 'mmoi': there are" "machine.new('--memory 16M --kernel /guests/spin.elf'):on_exit({mmoi = 1}, print)"
    fails 1 "script.lua:1: on_exit: 'mmio': FROM is behind TO" "machine.new('--memory 16M --kernel /guests/spin.elf'):on_exit({mmio = {2, 1}}, print)"
    fails 1 'script.lua:2: broken \(hart 0, SBI EID 0x8000001\)' "vm = machine.new{'--kernel', '/guests/call.elf', '--memory', '16M', '--append', '0x08000001:0'}
vm:on_exit({sbi = 0x08000001}, function() error('broken') end) vm:start():ended()"
}

# What a script leaves running is ended with it, and what it let go of is taken down.
machines_end() {
    printf '%s\n' "for i = 1, 3 do machine.new('--kernel /guests/spin.elf --memory 16M --pmu off'):start():expect('spinning') end" >script.lua
    expect_status 0 vhart script script.lua
    cat >script.lua <<'LUA'
for i = 1, 20 do
    assert(machine.new("--kernel /guests/hello.elf --memory 16M --pmu off"):start():ended() == "poweroff")
    collectgarbage()
end
local held = machine.new("--kernel /guests/hello.elf --memory 16M"):start{paused = true}
held:wait("paused")
assert(held:status().state == "paused" and held:console() == "")
held:resume()
held:expect("hello from hart 0\n")
LUA
    expect_status 0 vhart script script.lua
}

a_signal_ends_it() {
    printf '%s\n' "$spin vm:expect('spinning') print('here') vm:ended()" >script.lua
    talk vhart script script.lua
    await here
    kill -TERM "$pid"
    hang_up
    expect_status 143
    expect_err 'script.lua:1: interrupted by a signal'
}

# Of the calls of one guest, those of one extension are answered by the script.
trace_says_who_answered() {
    cat >script.lua <<'LUA'
sbi.extension{eid = 0x08000001, [0] = function() return 0, 7 end}
machine.new("--kernel /guests/call.elf --memory 16M --control socket --append '1000000*0x08000001:0'"):start():ended()
LUA
    talk vhart script script.lua
    until_true test -S socket
    vhart ctl ./socket wait started >/dev/null
    process=$(vhart ctl ./socket status | sed -n 's/^pid: //p')
    vhart trace -e sbi -T -n 20 -p "$process" >traced 2>&1 || die "$(cat traced)"
    grep -q '0x08000001.* 0x7 <.* script ' traced || die "$(cat traced)"
    ! grep -q 'DBCN.* script ' traced || die "$(cat traced)"
    vhart ctl ./socket stop
    hang_up
}

# docs/scripting.md has the table that the program prints: vhart ctl help markdown.
the_table_of_verbs() {
    expect_status 0 vhart ctl help markdown
    sed '1,/<!-- verbs/d; /<!-- .verbs/,$d' /src/docs/scripting.md >documented
    diff documented "$out" || die "docs/scripting.md: its verbs are not those of vhart ctl help markdown"
}

# One writes a disk, two read it at once and reach each other, one that would write it too is refused.
two_machines() {
    head -c 1048576 /dev/zero >shared.img
    for i in 1 2; do
        { tunctl -t "vhart$i" >/dev/null && ip addr add "10.9.$i.1/24" dev "vhart$i" && ip link set "vhart$i" up; } ||
            die "no tap interface here"
    done
    read -r forwards </proc/sys/net/ipv4/ip_forward
    echo 1 >/proc/sys/net/ipv4/ip_forward
    run vhart script /src/examples/two-machines.lua "$T/shared.img" vhart1 vhart2 --kernel /guests/linux/Image \
        --initrd /guests/linux/initrd-small --memory 128M --append 'console=ttyS0 quiet panic=-1'
    echo "$forwards" >/proc/sys/net/ipv4/ip_forward
    for i in 1 2; do tunctl -d "vhart$i" >/dev/null; done
    expect_status 0
    expect_err 'disk .*shared.img: is in use by another virtual machine: several may share it with ,ro, or write to it with ,share-rw=on$'
}

# perf in a Linux guest, half of whose PMU calls fail.
broken_perf() {
    printf '%s\n' 'perf stat -x, -e instructions:u true && perf stat -x, -e cycles:u true' 'echo it copes' >job.sh
    expect_status 0 vhart script /src/examples/broken-perf.lua --kernel /guests/linux/Image --initrd /guests/linux/initrd \
        --append 'console=ttyS0 quiet panic=-1' --memory 512M --inject job.sh:/run.sh
    expect_out '^it copes$'
    expect_out '[1-9][0-9]* of [1-9][0-9]* PMU calls failed; the guest: poweroff, 0'
}

# ACPI by a script, without which Linux does not ask for CPPC.
cppc_in_linux() {
    expect_status 0 vhart script /src/examples/cppc.lua --kernel "/guests/$1/Image" --initrd "/guests/$1/initrd-small" \
        --append 'console=ttyS0 quiet panic=-1 efi=noruntime' --memory 256M --cpus 2
    expect_out '^1\.\.7'
}

t_any "a new extension" example new-extension
t "calls that KVM keeps to itself" example forwarded
t "a deadline that is set by a wrapped call" wrapped_timers_come
t "a legacy console" example legacy-console
t_any "prototypes of extensions" example prototypes
case $(uname -r) in 6.12.*) guest_of=linux ;; *) guest_of=linux-7.2 ;; esac
t "CPPC in the sysfs of a Linux guest" cppc_in_linux $guest_of
t "software events" example sse
t "a record of steal time that lies" example steal-time
t_any "machines that share a disk and reach each other" two_machines
t "perf in a guest whose PMU calls fail" broken_perf
t_any "scripts that fail" scripts_that_fail
t_any "handlers that fail" handlers_that_fail
t "registers of a hart that calls" registers_of_a_call
t_any "verbs as methods" verbs_in_lua
t "exits are seen" exits_are_seen
t_any "handlers of exits that fail" exits_that_fail
t_any "calls that take time" calls_that_take_time
t_any "machines end with their script" machines_end
t_any "a signal ends a script" a_signal_ends_it
t "vhart trace says what a script answered" trace_says_who_answered
t_any "the documented verbs are those of the program" the_table_of_verbs
