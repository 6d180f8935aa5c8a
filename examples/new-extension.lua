-- An SBI extension that no kernel has: EID 0x08000001 counts what its callers give it.
--
--     vhart script new-extension.lua GUEST.elf
local guest = arg[1] or "/guests/call.elf"
local sum = 0

sbi.extension{
  eid = 0x08000001, probe = 7,
  [0] = function(call) sum = sum + call.a0 return sbi.SUCCESS, sum end,
  [1] = function(call) return sbi.SUCCESS, call.hart end,
  [2] = function(call)
    -- Where there is no memory, write() raises an error: the guest is told of it.
    local good = pcall(call.write, call, call.a0, string.pack("<I8", sum))
    return good and sbi.SUCCESS or sbi.ERR_INVALID_ADDRESS
  end,
}

local vm = machine.new{"--kernel", guest, "--memory", "16M", "--append",
  "probe:0x08000001 0x08000001:0:40 0x08000001:0:2 0x08000001:1 0x08000001:2:0x80e00000 0x08000001:2:8 0x08000001:3"}
vm:start()
vm:expect("probe:0x08000001 0 7\n")
vm:expect("0x08000001:0:40 0 40\n")
vm:expect("0x08000001:0:2 0 42\n")
vm:expect("0x08000001:1 0 0\n")
vm:expect("0x08000001:2:0x80e00000 0 0\n")
vm:expect("0x08000001:2:8 -5 0\n")
vm:expect("0x08000001:3 -2 0\n")
tap.is(sum, 42, "the sum")
tap.is(vm:ended(), "poweroff", "the guest's end")
tap.done()
