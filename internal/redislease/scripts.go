package redislease

import (
	"github.com/redis/go-redis/v9"

	"fencepost/core"
)

// Each script answers with a list: whether it did what it was asked to, the
// token that the key holds (empty if none), how long the key still lives in
// milliseconds, the server's clock in microseconds, and the witness.

// witnessOf reads the memory of the highest epoch. A script that cares for it
// begins with this, before it writes anything: a witness that is no number is
// an error, and the call is one whose outcome is unknown.
const witnessOf = `
local seen = tonumber(redis.call('GET', KEYS[3]) or '0')
if seen == nil then return redis.error_reply('the witness in ' .. KEYS[3] .. ' is no number') end
`

// acquireLua takes a free lease, or extends one that this very claim holds.
const acquireLua = `-- acquire` + witnessOf + `local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local held = redis.call('GET', KEYS[1])
if held == false then
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
elseif held == ARGV[1] then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
else
    return {0, held, redis.call('PTTL', KEYS[1]), now, seen}
end
return {1, ARGV[1], tonumber(ARGV[2]), now, seen}
`

// renewLua extends a lease that this claim holds, and with it raises the
// witness to the leader's epoch: whoever holds the lease has taken that epoch,
// and a renewal that renews nothing must not speak for one that was lost. It
// never creates the lease: one that was lost has to be acquired again, as a new
// claim.
const renewLua = `-- renew` + witnessOf + `local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local held = redis.call('GET', KEYS[1])
if held == ARGV[1] then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    if tonumber(ARGV[3]) > seen then
        redis.call('SET', KEYS[3], ARGV[3])
        seen = tonumber(ARGV[3])
    end
    return {1, held, tonumber(ARGV[2]), now, seen}
end
return {0, held or '', redis.call('PTTL', KEYS[1]), now, seen}
`

// releaseLua deletes the lease if this claim holds it, and says so to all.
const releaseLua = `-- release
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local held = redis.call('GET', KEYS[1])
if held == ARGV[1] then
    redis.call('DEL', KEYS[1])
    redis.call('PUBLISH', KEYS[2], 'released')
    return {1, '', 0, now, 0}
end
return {0, held or '', redis.call('PTTL', KEYS[1]), now, 0}
`

// evictLua deletes the lease if it still is the one claim of a stale leader
// that was named. The instance's name in front of it does not matter.
const evictLua = `-- evict
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local held = redis.call('GET', KEYS[1])
if held ~= false and string.sub(held, -string.len(ARGV[1])) == ARGV[1] then
    redis.call('DEL', KEYS[1])
    redis.call('PUBLISH', KEYS[2], 'released')
    return {1, '', 0, now, 0}
end
return {0, held or '', redis.call('PTTL', KEYS[1]), now, 0}
`

// leaderLua reads who holds the lease, and for how long.
const leaderLua = `-- leader
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local held = redis.call('GET', KEYS[1])
return {held and 1 or 0, held or '', redis.call('PTTL', KEYS[1]), now, 0}
`

// witnessLua reads the memory of the highest epoch.
const witnessLua = `-- witness` + witnessOf + `local time = redis.call('TIME')
return {1, '', 0, time[1] * 1000000 + time[2], seen}
`

// The scripts. The client sends the hash of one and, if the server does not
// know it, the text.
var (
	acquireScript = redis.NewScript(acquireLua)
	renewScript   = redis.NewScript(renewLua)
	releaseScript = redis.NewScript(releaseLua)
	evictScript   = redis.NewScript(evictLua)
	leaderScript  = redis.NewScript(leaderLua)
	witnessScript = redis.NewScript(witnessLua)
)

// mark is the last argument of every call. The script does not look at it; it
// lets a proxy tell operations apart when only a script's hash is sent, by the
// same words as in SQL.
func mark(op string) string { return "/* " + op + " */" }

// scriptOf returns the operation's script, and whether it has one.
func scriptOf(op core.Op) (*redis.Script, bool) {
	switch op {
	case core.Acquire:
		return acquireScript, true
	case core.Renew:
		return renewScript, true
	case core.Release:
		return releaseScript, true
	case core.Evict:
		return evictScript, true
	default:
		return nil, false
	}
}
