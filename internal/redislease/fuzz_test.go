package redislease

import "testing"

// FuzzParseReply: an answer of five values of other kinds, or of other values, is
// no answer, and a lease that is read from one never lasts less than no time.
func FuzzParseReply(f *testing.F) {
	f.Add([]byte{0, 1, 0, 0, 0}, int64(1), "n1|000000000000beef|1", int64(3000), int64(1), int64(7))
	f.Add([]byte{0, 1, 0, 0}, int64(0), "", int64(-1), int64(0), int64(0))
	f.Add([]byte{1, 1, 1, 1, 1}, int64(2), "x", int64(-2), int64(-5), int64(-1))
	f.Fuzz(func(t *testing.T, kinds []byte, done int64, holder string, left, now, witness int64) {
		numbers := []int64{done, 0, left, now, witness}
		list := make([]any, 0, len(kinds))
		for i, kind := range kinds {
			switch kind % 4 {
			case 0:
				list = append(list, numbers[i%len(numbers)])
			case 1:
				list = append(list, holder)
			case 2:
				list = append(list, nil)
			default:
				list = append(list, []any{holder})
			}
		}
		r, err := parseReply(list)
		if err != nil {
			return
		}
		if len(list) != 5 || r.holder != holder || r.left < 0 || r.done != (done == 1) {
			t.Errorf("%v is read as %+v", list, r)
		}
	})
}
