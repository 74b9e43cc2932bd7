package redislease

import (
	"github.com/redis/go-redis/v9"

	"fencepost/core"
)

// Each script answers with a list: whether it did what it was asked to, the
// token that the key holds (empty if none), how long the key still lives in
// milliseconds, and the server's clock in microseconds.

// acquireLua takes a free lease, or extends one that this very claim holds.
const acquireLua = `-- acquire
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local held = redis.call('GET', KEYS[1])
if held == false then
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
elseif held == ARGV[1] then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
else
    return {0, held, redis.call('PTTL', KEYS[1]), now}
end
return {1, ARGV[1], tonumber(ARGV[2]), now}
`

// renewLua extends a lease that this claim holds. It never creates the key: a
// lease that was lost has to be acquired again, as a new claim.
const renewLua = `-- renew
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local held = redis.call('GET', KEYS[1])
if held == ARGV[1] then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    return {1, held, tonumber(ARGV[2]), now}
end
return {0, held or '', redis.call('PTTL', KEYS[1]), now}
`

// releaseLua deletes the lease if this claim holds it, and says so to all.
const releaseLua = `-- release
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local held = redis.call('GET', KEYS[1])
if held == ARGV[1] then
    redis.call('DEL', KEYS[1])
    redis.call('PUBLISH', KEYS[2], 'released')
    return {1, '', 0, now}
end
return {0, held or '', redis.call('PTTL', KEYS[1]), now}
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
    return {1, '', 0, now}
end
return {0, held or '', redis.call('PTTL', KEYS[1]), now}
`

// leaderLua reads who holds the lease, and for how long.
const leaderLua = `-- leader
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local held = redis.call('GET', KEYS[1])
return {held and 1 or 0, held or '', redis.call('PTTL', KEYS[1]), now}
`

// witnessLua raises the memory of the highest epoch, and never lowers it.
// Raising it to zero reads it.
const witnessLua = `-- witness
local seen = tonumber(redis.call('GET', KEYS[1]) or '0')
if tonumber(ARGV[1]) > seen then
    redis.call('SET', KEYS[1], ARGV[1])
    seen = tonumber(ARGV[1])
end
return seen
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
