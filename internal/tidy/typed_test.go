package tidy

import (
	"go/token"
	"testing"
)

func TestRangeOverAMapIsFoundWhateverItIsCalled(t *testing.T) {
	found := Ranges(checked(t, "fencepost/core", `package core

type book map[int]string

func (b book) all() (n int) {
	for range b {
		n++
	}
	for _, v := range [2]int{} {
		n += v
	}
	return n
}
`))
	expect(t, found, "core/a.go:6: a map has no order")
	wantCount(t, found, 1)
}

func TestFlatTypeHoldsPlainMemoryOnly(t *testing.T) {
	found := Flat(checked(t, "fencepost/core", `package core

type Node struct {
	role  uint8
	peers [9]peer
	slots [16]struct{ at int64; id [20]byte }
	lock  func()
}

type peer struct {
	name string
	next *peer
	seen map[int]int
	list []int
	any  interface{}
}

type Input struct{ kind uint8 }

type Effect struct{ op uint8 }
`))
	for _, part := range []string{
		"Node.peers[].name is a string", "Node.peers[].next is a *", "Node.peers[].seen is a map[int]int",
		"Node.peers[].list is a []int", "Node.peers[].any is a interface", "Node.lock is a func()",
	} {
		expect(t, found, part)
	}
	wantCount(t, found, 6)
}

func TestFlatTypeThatMovedIsNotTakenForFlat(t *testing.T) {
	expect(t, Flat(checked(t, "fencepost/core", "package core\n")), "has no type Node: has it moved?")
}

// checked type-checks one source that imports nothing.
func checked(t *testing.T, path, source string) []Typed {
	t.Helper()
	sources := map[string][]byte{"a.go": []byte(source)}
	typed, err := check(token.NewFileSet(), nil, path, []string{"a.go"}, sources)
	if err != nil {
		t.Fatal(err)
	}
	return []Typed{typed}
}
