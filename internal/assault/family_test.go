package assault

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"fencepost/internal/intake/payload"
)

func testSite() *Site {
	return &Site{
		Host: "127.0.0.1:1", Token: signedToken, Secret: signedSecret, Now: 1_767_600_000,
		Stored: `{"type":"EXIT"}`,
	}
}

const draws = 40

// parse reads a body as the service does.
func parse(body []byte) (*payload.Signal, error) { return payload.Parse(body, &payload.Mapping{}) }

// TestEachWrongBodyIsWrongAndItsFieldIsTheFirst: a family that sends what is right
// would blame the service for taking it.
func TestEachWrongBodyIsWrongAndItsFieldIsTheFirst(t *testing.T) {
	t.Parallel()
	for _, f := range Families() {
		judged := 0
		for n := range draws {
			shot := f.Draw(newDraw(testSite(), 1, f.Name, n))
			if shot.Body == nil || !slices.Equal(shot.Owed.Codes, []int{400}) {
				continue
			}
			judged++
			_, err := parse(shot.Body)
			var field *payload.FieldError
			if !errors.As(err, &field) || shot.Owed.Field != "" && field.Field != shot.Owed.Field {
				t.Errorf("%s %d: %v, and owed is %+v for\n%.300q", f.Name, n, err, shot.Owed, shot.Body)
				break
			}
		}
		if bytes.HasPrefix([]byte(f.Name), []byte("json-")) && judged != draws {
			t.Errorf("%s: %d of %d bodies were judged", f.Name, judged, draws)
		}
	}
}

// TestASignalThatIsDrawnIsRight: what is spoilt was whole before.
func TestASignalThatIsDrawnIsRight(t *testing.T) {
	t.Parallel()
	for n := range draws {
		d := newDraw(testSite(), 2, "right", n)
		body := d.object(d.signal())
		if s, err := parse([]byte(body)); err != nil || s.SignalID != d.Mark {
			t.Fatalf("%v: %s", err, body)
		}
	}
}

// TestTheSameSeedIsTheSameInputAndAnotherIsNot: a report that names a shot names its
// bytes.
func TestTheSameSeedIsTheSameInputAndAnotherIsNot(t *testing.T) {
	t.Parallel()
	for _, f := range Families() {
		alike := 0
		for n := range 20 {
			draw := func(seed uint64) []byte {
				return slices.Concat(f.Draw(newDraw(testSite(), seed, f.Name, n)).Pieces...)
			}
			if !bytes.Equal(draw(7), draw(7)) {
				t.Fatalf("%s %d differs from itself", f.Name, n)
			}
			if bytes.Equal(draw(7), draw(8)) {
				alike++
			}
		}
		if alike > 16 {
			t.Errorf("%s: %d of 20 inputs do not depend on the seed", f.Name, alike)
		}
	}
}

// TestEveryFamilyHasItsShareAndUnsignedSourcesNoForgeries: few inputs still play
// each family once.
func TestEveryFamilyHasItsShareAndUnsignedSourcesNoForgeries(t *testing.T) {
	t.Parallel()
	families := Families()
	for _, signed := range []bool{false, true} {
		for _, shots := range []int{LeastRequests, 10_000} {
			sum := 0
			for i, n := range spread(families, shots, signed) {
				sum += n
				if want := signed || !families[i].Signed; want != (n > 0) {
					t.Errorf("signed %t: %s has %d of %d inputs", signed, families[i].Name, n, shots)
				}
			}
			if sum < shots {
				t.Errorf("%d inputs of %d", sum, shots)
			}
		}
	}
}
