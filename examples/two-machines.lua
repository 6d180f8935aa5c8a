-- Machines that share: one writes a disk and ends; two others read it at the same time, and reach each other over two
-- tap interfaces between which the host routes.
--   vhart script two-machines.lua DISK TAP TAP WORDS-FOR-EACH...
-- The host has 10.9.1.1/24 and 10.9.2.1/24 on the interfaces. The words boot a Linux with a shell on its console.
local disk, taps, words = arg[1], {arg[2], arg[3]}, {table.unpack(arg, 4)}

local function boot(...)
  local all = table.move({...}, 1, select("#", ...), #words + 1, {table.unpack(words)})
  return machine.new(all):start()
end

local prompt = ":~# "
-- What it prints, but for the echo of the command.
local function run(vm, command)
  vm:type(command .. "; echo status-$?-\n")
  local text = vm:expect_match("\n(.-)status%-%d+%-\n", 60)
  vm:expect(prompt)
  return text
end

local writer = boot("--disk", disk)
writer:expect(prompt)
run(writer, "echo what the first wrote | dd of=/dev/vda conv=sync 2>/dev/null")
writer:type("sync; poweroff -f\n")
tap.is(writer:ended(), "poweroff", "the first machine writes the disk and ends")

local readers = {}
for i, interface in ipairs(taps) do
  readers[i] = boot("--disk", disk .. ",ro", "--net", "tap=" .. interface)
end
for i, vm in ipairs(readers) do
  vm:expect(prompt)
  tap.ok(run(vm, "head -n 1 /dev/vda"):find("what the first wrote", 1, true), vm:name() .. " reads it, as another does")
  run(vm, ("ip addr add 10.9.%d.2/24 dev eth0; ip link set eth0 up; ip route add default via 10.9.%d.1"):format(i, i))
end
for i, vm in ipairs(readers) do
  local text = run(vm, ("ping -c 3 -W 10 10.9.%d.2"):format(3 - i))
  tap.ok(text:find(" bytes from ", 1, true), vm:name() .. " reaches the other")
end

-- Who would write it is refused while others read, and says so in one line.
local late = machine.new{"--disk", disk, table.unpack(words)}
local _, status = late:start():ended()
tap.is(status, 125, "one that would write it meanwhile does not start")
tap.done()
