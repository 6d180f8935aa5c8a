-- SSE (SBI 3.0, chapter 17): software events that preempt a guest, one that it injects itself and one that comes from
-- outside. Local events, without Zicfilp, Ssdbltrp and H in the guest.
local SIE, SPIE, SPP = 1 << 1, 1 << 5, 1 << 8  -- of sstatus
local UNUSED, REGISTERED, ENABLED, RUNNING = 0, 1, 2, 3
local RAS, SOFTWARE = 0x00000000, 0xffff0000
-- Attributes, in their order: those of INTERRUPTED and what follows have the state that an event interrupted.
local STATUS, PRIORITY, CONFIG, HART, ENTRY_PC, ENTRY_ARG, SEPC, FLAGS, A6, A7 = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
local INJECTABLE, PENDING, ONE_SHOT = 1 << 3, 1 << 2, 1

local harts = {}
local function hart_of(id)
  if not harts[id] then
    harts[id] = {masked = true, events = {}}
    for _, event in ipairs{RAS, SOFTWARE} do
      local reset = {[STATUS] = INJECTABLE, [HART] = id}
      for i = PRIORITY, A7 do reset[i] = reset[i] or 0 end
      harts[id].events[event] = reset
    end
  end
  return harts[id]
end

local function state(event) return event[STATUS] & 3 end
local function move(event, to) event[STATUS] = event[STATUS] & ~3 | to end

-- The first by priority, then by number, of those that are wanted.
local function first(hart, wanted)
  local best, rank
  for number, event in pairs(hart.events) do
    local its = event[PRIORITY] << 32 | number
    if wanted(event) and (not best or math.ult(its, rank)) then best, rank = event, its end
  end
  return best, rank
end

local function is_running(event) return state(event) == RUNNING end
local function is_due(event) return state(event) == ENABLED and event[STATUS] & PENDING ~= 0 end

-- What the hart goes on with, REGISTERS of it being changed already: with the handler of an event that is due.
local function deliver(id, registers, read)
  local hart = hart_of(id)
  local event, rank = first(hart, is_due)
  local running, its = first(hart, is_running)
  local function now(name) return registers[name] or read(name) end
  if hart.masked or not event or running and not math.ult(rank, its) then return registers end
  local status, mode = now("sstatus"), now("priv")
  event[SEPC], event[A6], event[A7] = now("sepc"), now("a6"), now("a7")
  event[FLAGS] = (status & SPP) // SPP | (status & SPIE) // SPIE << 1
  event[STATUS] = event[STATUS] & ~(PENDING | 3) | RUNNING
  return {
    a6 = id, a7 = event[ENTRY_ARG], sepc = now("pc"), pc = event[ENTRY_PC], priv = 1,
    sstatus = status & ~(SIE | SPIE | SPP) | mode * SPP | (status & SIE) // SIE * SPIE,
  }
end

-- What it goes on with when a handler has completed.
local function complete(event, read)
  local status = read("sstatus")
  move(event, event[CONFIG] & ONE_SHOT ~= 0 and REGISTERED or ENABLED)
  return {
    pc = read("sepc"), priv = (status & SPP) // SPP, sepc = event[SEPC], a6 = event[A6], a7 = event[A7],
    sstatus = status & ~(SIE | SPIE | SPP) | (status & SPIE) // SPIE * SIE |
      (event[FLAGS] & 1) * SPP | (event[FLAGS] >> 1 & 1) * SPIE,
  }
end

local function reader(call) return function(name) return call:register(name) end end

-- A function for an event, which must exist: ANSWER(event, call) gives the error. What is due comes with the answer.
local function of_event(answer)
  return function(call)
    local event = hart_of(call.hart).events[call.a0]
    if not event then return sbi.ERR_INVALID_PARAM end
    return answer(event, call), 0, deliver(call.hart, {}, reader(call))
  end
end
local function step(from, to)
  return of_event(function(event)
    if state(event) ~= from then return sbi.ERR_INVALID_STATE end
    move(event, to)
    return sbi.SUCCESS
  end)
end

-- The values of COUNT attributes from BASE on are at a3.
local function bad_range(call) return call.a1 < 0 or call.a2 < 1 or call.a1 + call.a2 > A7 + 1 end
local function read_attributes(event, call)
  if bad_range(call) then return sbi.ERR_BAD_RANGE end
  return call:write(call.a3, string.pack(("<" .. ("i8"):rep(call.a2)), table.unpack(event, call.a1, call.a1 + call.a2 - 1)))
    or sbi.SUCCESS
end
local writable = {[PRIORITY] = UNUSED, [CONFIG] = UNUSED, [SEPC] = RUNNING, [FLAGS] = RUNNING, [A6] = RUNNING, [A7] = RUNNING}
local function write_attributes(event, call)
  if bad_range(call) then return sbi.ERR_BAD_RANGE end
  for i = call.a1, call.a1 + call.a2 - 1 do
    local now = state(event) == RUNNING and RUNNING or state(event) <= REGISTERED and UNUSED
    if not writable[i] then return sbi.ERR_DENIED end
    if writable[i] ~= now then return sbi.ERR_INVALID_STATE end
    event[i] = string.unpack("<i8", call:read(call.a3 + 8 * (i - call.a1), 8))
  end
  return sbi.SUCCESS
end

sbi.extension{
  eid = sbi.SSE,
  [0] = of_event(read_attributes), [1] = of_event(write_attributes),
  [2] = of_event(function(event, call)
    if state(event) ~= UNUSED then return sbi.ERR_INVALID_STATE end
    if call.a1 & 1 ~= 0 then return sbi.ERR_INVALID_PARAM end
    event[ENTRY_PC], event[ENTRY_ARG] = call.a1, call.a2
    move(event, REGISTERED)
    return sbi.SUCCESS
  end),
  [3] = step(REGISTERED, UNUSED), [4] = step(REGISTERED, ENABLED), [5] = step(ENABLED, REGISTERED),
  [6] = function(call)
    local event = first(hart_of(call.hart), is_running)
    if not event then return sbi.SUCCESS end
    -- a0 and a1 are those of whom it interrupted, which the handler has put back.
    return call.a0, call.a1, deliver(call.hart, complete(event, reader(call)), reader(call))
  end,
  [7] = of_event(function(event, call)
    if call.a1 ~= call.hart then return sbi.ERR_INVALID_PARAM end
    event[STATUS] = event[STATUS] | PENDING
    return sbi.SUCCESS
  end),
  [8] = function(call)
    local hart = hart_of(call.hart)
    if not hart.masked then return sbi.ERR_ALREADY_STARTED end
    hart.masked = false
    return sbi.SUCCESS, 0, deliver(call.hart, {}, reader(call))
  end,
  [9] = function(call)
    local hart = hart_of(call.hart)
    if hart.masked then return sbi.ERR_ALREADY_STOPPED end
    hart.masked = true
    return sbi.SUCCESS
  end,
}

-- From outside: while its machine is paused, a hart's registers can be read and set.
local function inject(vm, id, number)
  vm:pause()
  local event = hart_of(id).events[number]
  event[STATUS] = event[STATUS] | PENDING
  local function read(name) return tonumber(vm:registers(id, name).registers[name]) end
  for name, value in pairs(deliver(id, {}, read)) do vm:set(id, name, value) end
  vm:resume()
end

local vm = machine.new{"--kernel", "/guests/sse.elf", "--memory", "16M"}
vm:start()
vm:expect("in S-mode\n")
inject(vm, 0, RAS)
vm:expect("in U-mode\n")
inject(vm, 0, RAS)
tap.is(vm:ended(), "poweroff", "the guest has what the specification says")
tap.ok(not vm:console():find("not ok", 1, true), "and none of its tests failed")
tap.done()
