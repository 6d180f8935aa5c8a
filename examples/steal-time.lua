-- A record of steal time that lies: the host took an hour with each call to BASE, and then gives one back.
local record, calls = nil, 0

local function write(call, hours)
  -- struct sta_struct of SBI 3.0, chapter 16: sequence, flags, steal in nanoseconds, preempted.
  call:write(record, string.pack("<I4I4I8I1", 2 * calls, 0, hours * 3600 * 10^9 // 1 | 0, 0))
end

sbi.extension{
  eid = sbi.STA,
  [0] = function(call)
    record = call.a0 ~= -1 and call.a0
    if record then write(call, 0) end
    return sbi.SUCCESS
  end,
}
sbi.wrap(sbi.BASE, 0, function(call, pass)
  calls = calls + 1
  if record then write(call, calls < 100 and calls or 98) end
  return pass()
end)

local vm = machine.new{"--kernel", "/guests/steal.elf", "--memory", "16M"}
local how = vm:start():ended()
tap.is(how, "panic", "the guest does not believe it")
tap.ok(vm:console():find("not ok 2 - steal time does not go back", 1, true), "and says why")
tap.ok(vm:console():find("stolen: 352800 s", 1, true), "what it read last")
tap.done()
