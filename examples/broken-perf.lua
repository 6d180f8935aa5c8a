-- Breaks perf in a Linux guest on purpose: half of its SBI PMU calls fail, but those that say what there is.
local calls, failed = 0, 0
sbi.wrap(sbi.PMU, nil, function(call, pass)
  if call.fid < 2 then return pass() end
  calls = calls + 1
  if math.random() < 0.5 then failed = failed + 1 return sbi.ERR_FAILED end
  return pass()
end)
local vm = machine.new(arg)  -- the words of vhart run
local why, status = vm:start():ended(120)
print(vm:console(), failed .. " of " .. calls .. " PMU calls failed; the guest: " .. why .. ", " .. status)
