package sim

import (
	"encoding/binary"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fencepost/scenarios"
	"fencepost/sim/tape"
)

// scheduled is what a fuzzer turns the schedule of: two simulated minutes of
// three nodes, with no more than the faults that are drawn.
func scheduled(t testing.TB) *World {
	t.Helper()
	s := denseFaults()
	s.Run.Duration = scenarios.Length{Nanos: 120_000_000_000}
	program, err := Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	return NewWorld(program)
}

// ofFaults tells whether a site decides about faults.
func ofFaults(s tape.Site) bool { return strings.HasPrefix(s.String(), "fault.") }

// lawful fails the test if the run broke an invariant or an expectation.
func lawful(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, w *World, r *Result,
) {
	t.Helper()
	if r.Verdict != scenarios.Fail {
		return
	}
	var faults strings.Builder
	for _, f := range w.Plan(nil) {
		faults.WriteString("\n  " + f.String())
	}
	t.Fatalf("%s, with the faults%s", r.Failure, faults.String())
}

// noise returns so many bytes of no meaning.
func noise(seed uint64, length int) []byte {
	data := make([]byte, 0, length)
	for i := range uint64(length / 8) {
		data = binary.LittleEndian.AppendUint64(data, scramble(seed<<32^i))
	}
	return data
}

// FuzzSchedule: whatever faults the bytes choose, under whatever schedule of
// messages, nothing breaks. The first eight bytes are the seed of what the
// faults leave to chance.
func FuzzSchedule(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("12345678"))
	f.Add([]byte("12345678 a fault every two seconds, on any node: what each byte chooses is its own affair"))
	for seed := range uint64(40) {
		f.Add(noise(seed, 1500))
	}
	w := scheduled(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		var seed [8]byte
		data = data[copy(seed[:], data):]
		rest := tape.Seed(binary.LittleEndian.Uint64(seed[:]))
		r := w.Play(tape.From(tape.Split{Chosen: ofFaults, From: tape.OfBytes(data, 2), Else: rest}))
		lawful(t, w, &r)
	})
}

// FuzzChance: bytes may decide everything that is left to chance, down to the
// delay of each message. What they choose may be unfair, never unsafe.
func FuzzChance(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte(strings.Repeat("\x00\x20\x40\x60\x80\xa0\xc0\xe0", 80)))
	for seed := range uint64(40) {
		f.Add(noise(seed, 6000))
	}
	w := scheduled(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		r := w.Play(tape.From(tape.OfBytes(data, 1)))
		lawful(t, w, &r)
	})
}

// rapid as the source of plans: it shrinks what it finds by itself, and shows
// that plans and tapes hold for any source.
func TestNoPlanThatRapidDrawsBreaksAnything(t *testing.T) {
	w := scheduled(t)
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		// rapid likes small numbers, which would all mean short and gentle faults:
		// all but zero are scattered.
		drawn := tape.Func(func(n tape.Name) uint64 {
			bits := rapid.Uint64Range(0, 1<<24).Draw(t, n.Site.String())
			if bits != 0 {
				bits = scramble(bits)
			}
			return bits
		})
		r := w.Play(tape.From(tape.Split{Chosen: ofFaults, From: drawn, Else: tape.Seed(seed)}))
		lawful(t, w, &r)
	})
}
