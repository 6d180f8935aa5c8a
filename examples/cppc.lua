-- CPPC (SBI chapter 14) answered for a Linux guest, which then shows it in its sysfs. Linux asks for CPPC only where ACPI
-- describes its CPUs. So this is a firmware too: before the guest's first instruction it puts ACPI tables into memory, and
-- what UEFI leaves to a kernel: a system table, a memory map, and the properties in /chosen that lead there.
--   vhart script cppc.lua --kernel Image --initrd initrd-small --memory 256M --append 'console=ttyS0 quiet efi=noruntime'
local pack, unpack, rep = string.pack, string.unpack, string.rep

-- ---- CPPC: of all harts the same, but for the counters ----

local registers = {
  [0] = 400, [1] = 300, [2] = 100, [3] = 50, [4] = 300,  -- performance: highest, nominal, lowest nonlinear, lowest, guaranteed
  [18] = 300, [19] = 500, [20] = 3000,                   -- reference performance; MHz at the lowest and at the nominal one
}
local reads = 0

sbi.extension{
  eid = sbi.CPPC,
  [0] = function(call) return sbi.SUCCESS, call.a0 <= 20 and 64 or 0 end,
  [1] = function(call)
    local counter = call.a0 == 11 and 1000 or call.a0 == 12 and 800  -- reference; delivered, which is less
    if counter then reads = reads + 1 end
    return sbi.SUCCESS, counter and counter * reads or registers[call.a0] or 0
  end,
  [3] = function(call)
    if call.a0 < 5 or call.a0 > 7 then return sbi.ERR_DENIED end  -- all but desired, minimum, maximum
    registers[call.a0] = call.a1
    return sbi.SUCCESS
  end,
}

-- ---- the devicetree that vhart made ----

-- Calls see(node, property, value) for each property of TREE, nodes by their own names; gives where /chosen's begin.
local function walk(tree, see)
  local at, strings, chosen = unpack(">I4I4", tree, 9)
  local nodes, token, name = {}
  at = at + 1
  repeat
    token, at = unpack(">I4", tree, at)
    if token == 1 then
      name, at = unpack("z", tree, at)
      at = at + (1 - at) % 4
      nodes[#nodes + 1] = name
      if name == "chosen" then chosen = at end
    elseif token == 2 then
      nodes[#nodes] = nil
    elseif token == 3 then
      local length, offset = unpack(">I4I4", tree, at)
      see(nodes[#nodes], unpack("z", tree, strings + offset + 1), tree:sub(at + 8, at + 7 + length))
      at = at + 8 + length
      at = at + (1 - at) % 4
    end
  until token == 9
  return chosen
end

-- TREE with more PROPERTIES, {name, value} each, at CHOSEN.
local function add(tree, chosen, properties)
  local structure, strings, reservations = unpack(">I4I4I4", tree, 9)
  local strings_size, structure_size = unpack(">I4I4", tree, 33)
  local names, new = tree:sub(strings + 1, strings + strings_size), ""
  for _, property in ipairs(properties) do
    new = new .. pack(">I4I4I4", 3, #property[2], #names) .. property[2]
    names = names .. property[1] .. "\0"
  end
  local body = tree:sub(reservations + 1, chosen - 1) .. new .. tree:sub(chosen, structure + structure_size)
  assert(reservations < structure)
  return pack(">I4I4I4I4I4I4I4I4I4I4", 0xd00dfeed, 40 + #body + #names, 40 + structure - reservations, 40 + #body, 40,
    17, 16, unpack(">I4", tree, 29), #names, structure_size + #new) .. body .. names
end

-- ---- ACPI: byte code (ACPI 6.5, chapter 20), and tables (chapter 5) ----

local function sized(op, body)
  local size = #body + 1
  if size < 64 then return op .. pack("B", size) .. body end
  size = size + (size + 1 < 4096 and 1 or 2)
  if size < 4096 then return op .. pack("BB", 0x40 | size & 15, size >> 4) .. body end
  return op .. pack("<BI2", 0x80 | size & 15, size >> 4) .. body
end
local function number(n) return pack("<BI4", 0x0c, n) end
local function text(words) return "\x0d" .. words .. "\0" end
local function named(name, data) return "\x08" .. name .. data end
local function device(name, body) return sized("\x5b\x82", name .. body) end
local function resources(bytes) return sized("\x11", number(#bytes + 2) .. bytes .. "\x79\0") end

-- A register of CPPC, fixed hardware: the SBI's (bits 60 to 63 say so), 64 bits, by its number.
local function register(n) return resources(pack("<BI2BBBBI8", 0x82, 12, 0x7f, 64, 0, 4, 1 << 60 | n)) end

local function hart_device(hart)
  local cpc = number(23) .. number(3)
  for n = 0, 20 do cpc = cpc .. register(n) end
  return device(("C%03X"):format(hart), named("_HID", text("ACPI0007")) .. named("_UID", number(hart)) ..
    named("_CPC", sized("\x12", "\23" .. cpc)))
end

-- _OSC agrees to all that Linux offers. The UART has no interrupt: its driver looks at it by and by.
local function dsdt(harts)
  local all = sized("\x14", "_OSC" .. "\x04" .. "\xa4\x6b") ..
    device("COM0", named("_HID", text("PNP0501")) .. named("_UID", number(0)) ..
      named("_CRS", resources(pack("<BI2BI4I4", 0x86, 9, 1, 0x10000000, 0x100))))
  for _, hart in ipairs(harts) do all = all .. hart_device(hart) end
  return sized("\x10", "\\_SB_" .. all)
end

local function checksum(bytes)
  local sum = 0
  for i = 1, #bytes do sum = sum + bytes:byte(i) end
  return pack("B", -sum & 255)
end
local function table_of(signature, revision, body)
  local head = signature .. pack("<I4B", 36 + #body, revision)
  local rest = "vhart " .. "example " .. pack("<I4c4I4", 1, "vhrt", 1) .. body
  return head .. checksum(head .. rest) .. rest
end

-- Fixed: hardware-reduced, of ACPI 6.5, and where the byte code is.
local function fadt(code)
  return table_of("FACP", 6, rep("\0", 76) .. pack("<I4", 1 << 20) .. rep("\0", 15) .. "\5" .. rep("\0", 8) ..
    pack("<I8", code) .. rep("\0", 128))
end
-- The harts' interrupt controllers, without one for other interrupts.
local function madt(harts)
  local body = rep("\0", 8)
  for _, hart in ipairs(harts) do body = body .. pack("<BBBBI4I8I4I4I8I4", 24, 36, 1, 0, 1, hart, hart, 0, 0, 0) end
  return table_of("APIC", 6, body)
end
-- What the harts can.
local function rhct(harts, frequency, isa)
  isa = isa .. rep("\0", 1 + #isa % 2)
  local body = pack("<I2I2I2I2", 0, 8 + #isa, 1, #isa) .. isa
  for _, hart in ipairs(harts) do body = body .. pack("<I2I2I2I2I4I4", 0xffff, 16, 1, 1, hart, 56) end
  return table_of("RHCT", 1, pack("<I4I8I4I4", 0, frequency, 1 + #harts, 56) .. body)
end
local function rsdp(xsdt)
  local head, tail = "RSD PTR ", "vhart " .. pack("<BI4", 2, 0)
  local old = head .. checksum(head .. tail) .. tail
  local new = old .. pack("<I4I8", 36, xsdt)
  return new .. checksum(new) .. "\0\0\0"
end

-- ---- all of it into memory ----

local vm = machine.new(arg):start{paused = true}
local tree_at = math.tointeger(vm:registers{register = "a1"}.registers.a1)
local tree = vm:read{address = tree_at, length = 0x10000, physical = true}.bytes
local harts, isa, frequency, memory, size = {}
local chosen = walk(tree, function(node, property, value)
  if node:find("^cpu@") and property == "reg" then harts[#harts + 1] = unpack(">I4", value) end
  if property == "riscv,isa" then isa = value:sub(1, -2) end
  if property == "timebase-frequency" then frequency = unpack(">I4", value) end
  if node:find("^memory@") and property == "reg" then memory, size = unpack(">I8I8", value) end
end)

-- The tree has the last 2 MiB of memory for itself; of these the second half is used here.
local area, next_at = tree_at + 0x100000, tree_at + 0x100000
local function put(bytes)
  local at = next_at
  vm:write{address = at, bytes = bytes, physical = true}
  next_at = at + (#bytes + 15 & -16)
  return at
end

local tables = {fadt(put(table_of("DSDT", 2, dsdt(harts)))), madt(harts), rhct(harts, frequency, isa)}
local pointers = ""
for _, bytes in ipairs(tables) do pointers = pointers .. pack("<I8", put(bytes)) end
local acpi = put(rsdp(put(table_of("XSDT", 1, pointers))))

-- UEFI 2.10, chapters 4 and 7. What is written-back memory has attribute 8; of ACPI's tables the type is 9.
local guid = "\x71\xe8\x68\x88\xf1\xe4\xd3\x11\xbc\x22\x00\x80\xc7\x3c\x88\x81"
local configuration = put(guid .. pack("<I8", acpi))
local vendor = put("v\0h\0a\0r\0t\0\0\0" .. rep("\0", 200))
local system = put(pack("<I8I4I4I8I8I8", 0x5453595320494249, 2 << 16 | 100, 120, 0, vendor, 1) .. rep("\0", 64) ..
  pack("<I8I8", 1, configuration))
local map = ""
for _, region in ipairs{{7, memory, area}, {9, area, area + 0x20000}, {7, area + 0x20000, memory + size}} do
  map = map .. pack("<I8I8I8I8I8", region[1], region[2], 0, (region[3] - region[2]) // 4096, 8)
end
local map_at = put(map)
assert(next_at <= area + 0x20000)

vm:write{address = tree_at, physical = true, bytes = add(tree, chosen, {
  {"linux,uefi-system-table", pack(">I8", system)}, {"linux,uefi-mmap-start", pack(">I8", map_at)},
  {"linux,uefi-mmap-size", pack(">I4", #map)}, {"linux,uefi-mmap-desc-size", pack(">I4", 40)},
  {"linux,uefi-mmap-desc-ver", pack(">I4", 1)}, {"linux,uefi-secure-boot", pack(">I4", 0)},
})}
vm:resume()

-- ---- what the guest makes of it ----

vm:expect("guest:", 120)
local function asks(hart, file)
  vm:type("echo = $(cat /sys/devices/system/cpu/cpu" .. hart .. "/acpi_cppc/" .. file .. ") =\n")
  return vm:expect_match("\n= (.-) =\n")
end
for n, hart in ipairs(harts) do
  tap.is(asks(n - 1, "highest_perf"), "400", "hart " .. hart .. ": the highest performance")
  tap.is(asks(n - 1, "nominal_freq"), "3000", "hart " .. hart .. ": MHz at nominal performance")
  tap.ok(asks(n - 1, "feedback_ctrs"):find("^ref:%d+000 del:%d+00$"), "hart " .. hart .. ": the counters")
end
vm:type("exit\n")
tap.is(vm:ended(), "poweroff", "the guest's end")
tap.done()
