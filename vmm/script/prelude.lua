-- SPDX-License-Identifier: Apache-2.0
-- What every script finds beside Lua's own libraries: tap, and the usual faults of an SBI.

tap = { count = 0, failed = 0 }

local function line(good, name, more)
	tap.count = tap.count + 1
	if not good then
		tap.failed = tap.failed + 1
	end
	print(string.format("%sok %d - %s%s", good and "" or "not ", tap.count, name, more or ""))
	return good
end

-- One test: passes if GOOD is neither false nor nil. Returns GOOD.
function tap.ok(good, name)
	line(good, name or "")
	return good
end

-- One test: passes if GOT equals WANTED.
function tap.is(got, wanted, name)
	if not line(got == wanted, name or "") then
		print(string.format("#   got: %s, wanted: %s", tostring(got), tostring(wanted)))
	end
	return got == wanted
end

function tap.skip(name, reason)
	line(true, name, " # SKIP " .. (reason or ""))
end

-- Says how many there were; an error if one failed.
function tap.done()
	print("1.." .. tap.count)
	if tap.failed > 0 then
		error(string.format("%d of %d tests failed", tap.failed, tap.count), 2)
	end
end

-- The calls of EID and FID (nil: all) for which CHOOSE() is true get ERROR.
local function fail_if(eid, fid, err, choose)
	sbi.wrap(eid, fid, function(call, pass)
		if choose(call) then
			return err or sbi.ERR_FAILED
		end
		return pass()
	end)
end

-- Every Nth call gets ERROR (ERR_FAILED).
function sbi.fail_every(n, eid, fid, err)
	local count = 0
	fail_if(eid, fid, err, function()
		count = count + 1
		return count % n == 0
	end)
end

-- CHANCE (0 to 1) of the calls get ERROR (ERR_FAILED), by the script's seed.
function sbi.fail_at_random(chance, eid, fid, err)
	fail_if(eid, fid, err, function()
		return math.random() < chance
	end)
end

-- Each call takes SECONDS more.
function sbi.delay(seconds, eid, fid)
	sbi.wrap(eid, fid, function(call, pass)
		call:delay(seconds)
		return pass()
	end)
end
