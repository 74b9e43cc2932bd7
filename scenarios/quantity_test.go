package scenarios

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestALengthResolvesBothItsParts(t *testing.T) {
	for _, c := range []struct {
		length Length
		ttl    int64
		want   int64
	}{
		{Length{Nanos: 5}, second, 5},
		{Length{TTLs: 2_500_000}, second, 2_500 * millisecond},
		{Length{Nanos: -millisecond, TTLs: 500_000}, 10 * second, 5*second - millisecond},
		{Length{TTLs: -900_000}, second, -900 * millisecond},
		{Length{TTLs: 1}, 1_500_000, 1},
		{Length{TTLs: 333_333}, 3, 0},
		{Length{TTLs: math.MaxInt64}, hour, math.MaxInt64},
		{Length{TTLs: math.MinInt64 + 1}, hour, math.MinInt64},
		{Length{Nanos: math.MaxInt64, TTLs: OneTTL}, hour, math.MaxInt64},
	} {
		if got := c.length.Resolve(c.ttl); got != c.want {
			t.Errorf("%v of %d: %d, want %d", c.length, c.ttl, got, c.want)
		}
	}
}

func TestEveryLengthThatPrintsReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Length{Nanos: rapid.Int64Range(-longestNanos, longestNanos).Draw(t, "nanos")}
		if rapid.Bool().Draw(t, "in ttls") {
			want = Length{TTLs: rapid.Int64Range(-longestTTLs, longestTTLs).Draw(t, "ttls")}
		}
		got, bad := readLength(&Field{Name: "x", Signed: true}, want.String())
		if bad != nil || got != want {
			t.Fatalf("%v prints as %s and reads as %v, %v", want, want, got, bad)
		}
	})
}

func TestLengthsPrintInTheLargestWholeUnit(t *testing.T) {
	for text, length := range map[string]Length{
		"0s": {}, "1h": {Nanos: hour}, "90s": {Nanos: 90 * second}, "500ms": {Nanos: second / 2},
		"1500ms": {Nanos: 1500 * millisecond}, "0.001us": {Nanos: 1}, "-2m": {Nanos: -2 * minute},
		"2.5ttl": {TTLs: 2_500_000}, "-0.9ttl": {TTLs: -900_000},
		"1ttl+5ms": {Nanos: 5 * millisecond, TTLs: OneTTL},
	} {
		if length.String() != text {
			t.Errorf("%#v prints as %s, want %s", length, length, text)
		}
	}
}

func TestARateKnowsTheTimeBetweenTwo(t *testing.T) {
	for text, want := range map[string]int64{
		"20/s": 50 * millisecond, "10/m": 6 * second, "0.5/s": 2 * second, "2/ttl": 5 * second,
		"1/5s": 5 * second,
		"3/s":  second / 3,
	} {
		var r Rate
		if bad := r.read(&Field{Name: "x"}, text); bad != nil {
			t.Fatal(bad.message)
		}
		if got := r.Interval(10 * second); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
	if (Rate{}).Interval(second) != 0 {
		t.Error("the zero rate has no interval")
	}
}

func TestBytesOfARateAreCounted(t *testing.T) {
	for text, bytes := range map[string]int64{"8KB/s": 8000, "1.5MiB/s": 3 << 19, "300B/s": 300, "10/s": 10} {
		var r Rate
		if bad := r.read(&Field{Name: "x", Bytes: true}, text); bad != nil || r.Milli != bytes*1000 {
			t.Errorf("%s: %+v", text, r)
		}
	}
	var r Rate
	if r.read(&Field{Name: "x"}, "8KB/s") == nil {
		t.Error("a rate of signals was counted in bytes")
	}
}

func TestAShareIsExact(t *testing.T) {
	for _, c := range []struct {
		percent Percent
		of      int64
		want    int64
	}{
		{90 * OnePercent, 100, 90},
		{OnePercent / 100, 10 * second, millisecond},
		{-5 * OnePercent, 200, -10},
		{1, hour, hour / 1_000_000},
	} {
		if got := c.percent.Of(c.of); got != c.want {
			t.Errorf("%s of %d: %d, want %d", c.percent, c.of, got, c.want)
		}
	}
}

func TestALinkIsSeenFromTheSideThatOpensIt(t *testing.T) {
	for text, want := range map[string]string{
		"leader <-> redis":            "leader <-> redis",
		"redis -> leader":             "leader <- redis",
		"postgres <- n2":              "n2 -> postgres",
		"all <-> followers":           "followers <-> all",
		"broker <- all":               "all -> broker",
		"all <-> all":                 "all <-> all",
		"redis -> redis_replica":      "redis_replica <- redis",
		"redis_replica <-> redis":     "redis_replica <-> redis",
		"  leader   <->   postgres  ": "leader <-> postgres",
	} {
		var l Link
		if bad := l.read(&Field{Name: "link"}, text); bad != nil || l.String() != want {
			t.Errorf("%s is seen as %s, want %s (%+v)", text, l, want, bad)
		}
	}
}

func TestAllOnTheFarSideMeansTheThreeStores(t *testing.T) {
	l := Link{Party{Kind: LeaderParty}, Party{Kind: AllParty}, Both}
	if got := l.Stores(); !slices.Equal(got, []PartyKind{RedisParty, PostgresParty, BrokerParty}) {
		t.Errorf("got %v", got)
	}
}
