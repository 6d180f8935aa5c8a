-- A console for programs that write with the SBI's legacy putchar (EID 1). KVM of a stock kernel
-- answers it with NOT_SUPPORTED, although it says that the extension is there.
local text = {}

sbi.wrap(sbi.LEGACY_PUTCHAR, nil, function(call, pass)
  text[#text + 1] = string.char(call.a0 & 255)
  return pass()
end)

local vm = machine.new{"--kernel", arg[1] or "/guests/call.elf", "--memory", "16M", "--append",
  "0x1:0:79 0x1:0:75 0x1:0:10"}
vm:start()
vm:ended()
tap.is(table.concat(text), "OK\n", "what the guest wrote")
tap.done()
