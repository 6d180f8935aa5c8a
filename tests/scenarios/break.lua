-- Breakpoints and steps (43-break.sh), at a guest that says what of it a debugger disturbed (guest-images/debugged.c).

local rounds = 3
local places = {"before", "inside", "atomic", "fault", "call", "after"}

local words = "--kernel /guests/debugged.elf --memory 16M --cpus 2 --append rounds=" .. rounds

-- Paused where the guest has looked at its own text, and prints that it is ready.
local function start()
    local vm = machine.new(words):start{paused = true}
    local ready = vm:breakpoint("print").breakpoint

    vm:resume()
    vm:wait("breakpoint")
    vm:unbreak(ready)
    return vm
end

local function is(got, wanted, what)
    if got ~= wanted then
        error(("%s: %s, not %s"):format(what, got, wanted), 2)
    end
end

-- The guest found nothing wrong.
local function is_well(vm)
    local how = vm:ended()

    if how ~= "poweroff" or not vm:console():find("1..4", 1, true) then
        error(how .. ":\n" .. vm:console(), 2)
    end
end

-- Every place is hit in every round, between the guest's own ebreaks and traps.
local function all_are_hit()
    local vm, names = start(), {}

    for _, place in ipairs(places) do
        local made = vm:breakpoint(place)

        is(made.pending, false, place)
        names[made.breakpoint] = place
    end
    for _ = 1, rounds do
        for _, place in ipairs(places) do
            vm:resume()
            local hit = vm:wait("breakpoint")
            is(names[hit.breakpoint], place, "what was hit")
            is(hit.pc, vm:symbol(place).address, "where")
        end
    end
    for id in pairs(names) do
        vm:unbreak(id)
    end
    is(#vm:breakpoints(), 0, "breakpoints that are left")
    vm:resume()
    is_well(vm)
end

-- The hart is stepped through all functions of a round: the LR/SC sequence, two ebreaks of the guest's own, an
-- exception and an SBI call. Each is passed, in this order.
local function steps()
    local vm, seen, last = start(), {}, nil

    local first = vm:breakpoint("before").breakpoint

    vm:resume()
    vm:wait("breakpoint")
    for _ = 1, 1500 do
        local at = vm:symbol(vm:step().pc).symbol:match("^[^+]+")

        if at ~= last then
            last = at
            seen[#seen + 1] = at
        end
        if at == "after" then
            break
        end
    end
    local order = table.concat(seen, " ")
    local from = 1

    for _, place in ipairs(places) do
        local _, to = order:find(place, from, true)

        assert(to, ("%s is not in: %s"):format(place, order))
        from = to
    end
    vm:unbreak(first)
    vm:resume()
    is_well(vm)
end

-- What is read is the guest's own, and what is written goes under the ebreak.
local function memory_is_the_guests()
    local vm = start()
    local at = vm:symbol("before").address
    local bytes = vm:read(at - 6, 16).bytes

    local id = vm:breakpoint("before").breakpoint

    is(vm:read(at - 6, 16).bytes, bytes, "what was read under a breakpoint")
    is(vm:read(at + 1, 2).bytes, bytes:sub(8, 9), "half of it")
    vm:write(at, bytes:sub(7, 8))
    vm:resume()
    is(vm:wait("breakpoint").pc, at, "where it stopped")
    vm:unbreak(id)
    is(vm:read(at - 6, 16).bytes, bytes, "what is there when it is gone")
    vm:resume()
    is_well(vm)
end

-- A reset takes no breakpoint away.
local function the_next_life_has_them()
    local vm = machine.new(words):start{paused = true}

    vm:breakpoint("after")
    for life = 1, 2 do
        vm:resume()
        vm:wait("breakpoint")
        is(vm:status().lives, life, "its life")
        if life == 1 then
            vm:reset()
            vm:wait("reset")
            vm:wait("paused")
        end
    end
    vm:stop()
end

local function bad_input()
    local vm = start()
    local function refused(words, ...)
        local good, why = pcall(...)

        assert(not good and tostring(why):find(words, 1, true), why)
    end

    refused("there is no breakpoint 7", vm.unbreak, vm, 7)
    refused("hart", vm.step, vm, 2)
    refused("befor", vm.breakpoint, vm, "befor")
    local nowhere = vm:breakpoint(0x1000)

    is(nowhere.pending, true, "one that is nowhere")
    vm:unbreak(nowhere.breakpoint)
    for i = 1, 256 do
        vm:breakpoint(0x80300000 + 2 * i)
    end
    refused("there are 256", vm.breakpoint, vm, 0x80310000)
    vm:resume()
    refused("pause it first", vm.step, vm, 0)
    vm:stop()
end

all_are_hit()
steps()
memory_is_the_guests()
the_next_life_has_them()
bad_input()
