package pgledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// stubServer answers transactions as a test says, and keeps how large they were.
type stubServer struct {
	sizes []int
	says  func(all []*question[int, int]) error
}

func (s *stubServer) do(_ context.Context, all []*question[int, int]) error {
	s.sizes = append(s.sizes, len(all))
	if err := s.says(all); err != nil {
		return err
	}
	for _, q := range all {
		q.answer = 10 * q.ask
	}
	return nil
}

// refuses makes an error of the server's.
func refuses(code string) error {
	return fmt.Errorf("op: %w", &pgconn.PgError{Severity: "ERROR", Code: code})
}

// asked are so many questions that are asked at the same time.
func asked(ctx context.Context, n int) []*question[int, int] {
	list := make([]*question[int, int], 0, n)
	for i := range n {
		list = append(list, &question[int, int]{ctx: ctx, ask: i + 1, done: make(chan struct{})})
	}
	return list
}

// A value that is none, and a row that somebody holds, is one question's: the others
// are answered all the same. What is the server's own trouble is not made worse by
// putting to it one by one what it had no time for together.
func TestOnlyForOneQuestionsFaultIsEachAskedByItself(t *testing.T) {
	const many = 5
	for code, each := range map[string]bool{
		"22P02": true, "22003": true, "23514": true, "23505": true, "40P01": true, "54000": true,
		"55P03": true,
		"57014": false, "57P01": false, "57P03": false, "53200": false, "53300": false, "42501": false,
		"42P01": false, "25006": false, "58030": false, "XX000": false, "55000": false,
	} {
		server := stubServer{says: func(all []*question[int, int]) error {
			if slices.ContainsFunc(all, func(q *question[int, int]) bool { return q.ask == 2 }) {
				return refuses(code)
			}
			return nil
		}}
		all := asked(t.Context(), many)
		(&together[int, int]{op: "op"}).answer(all, server.do)
		sizes, failed := []int{many}, many
		if each {
			sizes, failed = []int{many, 1, 1, 1, 1, 1}, 1
		}
		if !slices.Equal(server.sizes, sizes) {
			t.Errorf("%s: transactions of %v, want %v", code, server.sizes, sizes)
		}
		for i, q := range all {
			<-q.done
			if want := failed == many || i == 1; want != (q.err != nil) || !want && q.answer != 10*q.ask {
				t.Errorf("%s: question %d: %d, %v", code, i, q.answer, q.err)
			}
		}
	}
}

func TestOfWhoeverHasLeftNothingIsAskedAgain(t *testing.T) {
	server := stubServer{says: func(all []*question[int, int]) error {
		if len(all) > 1 {
			return refuses("23514")
		}
		return nil
	}}
	all := asked(t.Context(), 3)
	ctx, leave := context.WithCancel(t.Context())
	all[1].ctx = ctx
	leave()
	(&together[int, int]{op: "op"}).answer(all, server.do)
	if !slices.Equal(server.sizes, []int{3, 1, 1}) {
		t.Errorf("transactions of %v", server.sizes)
	}
	for i, q := range all {
		<-q.done
		if gone := errors.Is(q.err, context.Canceled); gone != (i == 1) {
			t.Errorf("question %d: %v", i, q.err)
		}
	}
}

// The server became slow, or went away, while they were asked one by one.
func TestServersTroubleEndsTheAskingOneByOne(t *testing.T) {
	away := errors.New("no connection")
	server := stubServer{says: func(all []*question[int, int]) error {
		switch {
		case len(all) > 1:
			return refuses("22P02")
		case all[0].ask == 2:
			return away
		default:
			return nil
		}
	}}
	all := asked(t.Context(), 6)
	(&together[int, int]{op: "op"}).answer(all, server.do)
	if !slices.Equal(server.sizes, []int{6, 1, 1}) {
		t.Errorf("transactions of %v", server.sizes)
	}
	for i, q := range all {
		<-q.done
		if failed := errors.Is(q.err, away); failed != (i > 0) {
			t.Errorf("question %d: %v", i, q.err)
		}
	}
}

// What the transaction says of one question is kept also where it was asked alone.
func TestWhatIsSaidOfOneQuestionIsNotLostWhenItIsAskedAlone(t *testing.T) {
	unread := errors.New("the row was not read")
	server := stubServer{says: func(all []*question[int, int]) error {
		if len(all) > 1 {
			return refuses("22P02")
		}
		all[0].err = unread
		return nil
	}}
	all := asked(t.Context(), 2)
	(&together[int, int]{op: "op"}).answer(all, server.do)
	for i, q := range all {
		if <-q.done; !errors.Is(q.err, unread) {
			t.Errorf("question %d: %v", i, q.err)
		}
	}
}

// A crowd that the server has no time for comes again as halves, down to one at a
// time, and is a crowd again once there is time.
func TestServerWithoutTimeGetsSmallerTransactions(t *testing.T) {
	slow := true
	server := stubServer{says: func([]*question[int, int]) error {
		if slow {
			return refuses("57014")
		}
		return nil
	}}
	crew := together[int, int]{op: "op"}
	for range 9 {
		crew.waiting = asked(t.Context(), 2*mostTogether)
		crew.answer(crew.take(), server.do)
	}
	slow = false
	for range 7 {
		crew.waiting = asked(t.Context(), 2*mostTogether)
		crew.answer(crew.take(), server.do)
	}
	want := []int{64, 32, 16, 8, 4, 2, 1, 1, 1, 1, 2, 4, 8, 16, 32, 64}
	if !slices.Equal(server.sizes, want) {
		t.Errorf("transactions of %v\nwant %v", server.sizes, want)
	}
}

// What was asked before the end is answered, and nothing sets out after it.
func TestClosingWaitsForTheCrewsAndRefusesWhatComesLater(t *testing.T) {
	crew := together[int, int]{
		op: "op", crews: 1, crowd: 1, rest: func(time.Duration) time.Duration { return 0 },
	}
	under, free := make(chan struct{}), make(chan struct{})
	server := stubServer{says: func([]*question[int, int]) error {
		if under != nil {
			close(under)
			under = nil
			<-free
		}
		return nil
	}}
	var asking sync.WaitGroup
	ask := func(i int) {
		asking.Go(func() {
			if got, err := crew.add(t.Context(), i, server.do); err != nil || got != 10*i {
				t.Errorf("question %d: %d, %v", i, got, err)
			}
		})
	}
	begun := under
	ask(1)
	<-begun
	ask(2)
	for waits := 0; waits == 0; <-time.After(time.Millisecond) {
		crew.mu.Lock()
		waits = len(crew.waiting)
		crew.mu.Unlock()
	}
	closed := make(chan struct{})
	go func() { crew.close(); close(closed) }()
	late, give := context.WithTimeout(t.Context(), 5*time.Second)
	defer give()
	for ended := false; !ended && late.Err() == nil; <-time.After(time.Millisecond) {
		crew.mu.Lock()
		ended = crew.closed
		crew.mu.Unlock()
	}
	if _, err := crew.add(late, 3, server.do); !errors.Is(err, errClosed) {
		t.Errorf("a question after the end: %v", err)
	}
	select {
	case <-closed:
		t.Error("closed while a crew is at work")
	default:
	}
	close(free)
	<-closed
	asking.Wait()
	if !slices.Equal(server.sizes, []int{1, 1}) {
		t.Errorf("transactions of %v", server.sizes)
	}
}
