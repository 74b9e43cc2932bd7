package redis

import "testing"

func TestServerAnswersAndStops(t *testing.T) {
	s, err := Start(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(s.Kind(), s.Addr())
	if err := s.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
}
