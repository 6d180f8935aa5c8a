-- Calls that KVM keeps to itself, in an unmodified guest: a new extension outside of the ranges that
-- KVM hands over, and KVM's own answers with something changed.
local guest = arg[1] or "/guests/call.elf"
local version

sbi.extension{eid = 0x0a000042, [0] = function(call) return sbi.SUCCESS, call.a0 * 2 end}

-- KVM says which SBI it is; the guest hears of a later one.
sbi.wrap(sbi.BASE, 0, function(call, pass)
  local err, value = pass()
  version = value
  return err, value + 1
end)

-- The guest asks for hart 99, and KVM is asked for hart 0.
sbi.wrap(sbi.HSM, 2, function(call, pass)
  call.a0 = 0
  return pass()
end)

-- Every third answer of TIME is a failure. The timer was set all the same: KVM has answered by then.
sbi.fail_every(3, sbi.TIME, 0)

local vm = machine.new{"--kernel", guest, "--memory", "16M", "--append",
  "probe:0x0a000042 0x0a000042:0:21 0x10:0 0x48534d:2:99 2*0x54494d45:0:0xffffffffffffffff 0x54494d45:0:0xffffffffffffffff",
  table.unpack(arg, 2)}
vm:start()
vm:expect("probe:0x0a000042 0 1\n")
vm:expect("0x0a000042:0:21 0 42\n")
local answer = tonumber(vm:expect_match("0x10:0 0 (%d+)\n"))
tap.is(answer, version + 1, "the guest hears of a later SBI")
vm:expect("0x48534d:2:99 0 0\n")
tap.ok(true, "KVM answers the call with what was changed in it")
vm:expect("2*0x54494d45:0:0xffffffffffffffff 0 0\n")
vm:expect("0x54494d45:0:0xffffffffffffffff -1 0\n")
tap.ok(true, "every third call fails")
tap.is(select(2, vm:ended()), 0, "the guest ends well")
tap.done()
