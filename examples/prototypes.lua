-- Prototypes of extensions, for a bare-metal guest to be written against: FWFT (SBI 3.0, chapter 18) with its
-- locks, and CPPC (chapter 14). SSE is in sse.lua.
local value, locked = {[0] = 0, [1] = 0, [4] = 0}, {}

sbi.extension{
  eid = sbi.FWFT,
  [0] = function(call)
    if not value[call.a0] then return sbi.ERR_NOT_SUPPORTED end
    if locked[call.a0] then return sbi.ERR_DENIED_LOCKED end
    if call.a1 > 1 then return sbi.ERR_INVALID_PARAM end
    value[call.a0] = call.a1
    locked[call.a0] = call.a2 & 1 == 1
    return sbi.SUCCESS
  end,
  [1] = function(call)
    if not value[call.a0] then return sbi.ERR_NOT_SUPPORTED end
    return sbi.SUCCESS, value[call.a0]
  end,
}

local performance = {[0] = 1234, [5] = 700}  -- HighestPerformance, DesiredPerformance
sbi.extension{
  eid = sbi.CPPC,
  [0] = function(call) return sbi.SUCCESS, performance[call.a0] and 32 or 0 end,
  [1] = function(call) return sbi.SUCCESS, performance[call.a0] or 0 end,
  [3] = function(call)
    if call.a0 ~= 5 then return sbi.ERR_DENIED end
    performance[5] = call.a1
    return sbi.SUCCESS
  end,
}

local calls = {
  -- FWFT: set, get, set and lock, set again, an unknown feature
  {"0x46574654:0:0:1", "0 0"}, {"0x46574654:1:0", "0 1"}, {"0x46574654:0:0:0:1", "0 0"},
  {"0x46574654:0:0:1:1", "-14 0"}, {"0x46574654:1:9", "-2 0"},
  -- CPPC: probe, read, write, read again
  {"0x43505043:0:0", "0 32"}, {"0x43505043:1:0", "0 1234"}, {"0x43505043:3:5:900", "0 0"},
  {"0x43505043:1:5", "0 900"}, {"0x43505043:3:0:1", "-4 0"},
}
local words = {"probe:0x46574654", "probe:0x43505043"}
for _, call in ipairs(calls) do words[#words + 1] = call[1] end

local vm = machine.new{"--kernel", arg[1] or "/guests/call.elf", "--memory", "16M", "--append", table.concat(words, " ")}
vm:start()
for i = 1, 2 do vm:expect(words[i] .. " 0 1\n") end
for _, call in ipairs(calls) do
  tap.is(vm:expect_match(call[1] .. " (%S+ %S+)\n"), call[2], call[1])
end
tap.is(vm:ended(), "poweroff", "the guest's end")
tap.done()
