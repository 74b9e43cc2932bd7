package story_test

import (
	"maps"
	"time"

	"fencepost/core/order"
	"fencepost/internal/pgledger"
	"fencepost/internal/story"
)

const second = time.Second

// resent makes of an attempt one that was sent three times.
func resent(a *pgledger.Attempt) {
	a.Resends, a.Epoch, a.Token, a.FenceSeq = 2, 9, green, 61
	a.PermittedAt, a.SendBy = after(7*second), after(9500*time.Millisecond)
	a.RecordedBy = green
}

// late lets the broker speak of a void attempt.
func late(outcome string) func(*pgledger.Attempt) {
	return func(a *pgledger.Attempt) {
		a.LateOutcome, a.Outcome, a.RecordedAt, a.RecordedBy = text(outcome), text("void"), at(8*second),
			green
	}
}

func byPerson(a *pgledger.Attempt) { a.RecordedBy = "ops" }

// behind lets the signal wait for another of its instrument.
func behind(kind, state string) func(*story.Scene) {
	return func(s *story.Scene) {
		s.InTurn, s.Ahead = true, &pgledger.Ahead{Signal: 16, Type: kind, State: state}
	}
}

// stories are the scenes that are told, by the name of their golden file.
func stories() map[string]story.Scene {
	all := quiet()
	maps.Copy(all, sent())
	maps.Copy(all, doubtful())
	return all
}

// quiet are signals that nobody has sent.
func quiet() map[string]story.Scene {
	return map[string]story.Scene{
		"received":                 scene(order.ClassA),
		"received-paused":          scene(order.ClassA, mode("pause"), valid(60*second)),
		"received-leaderless":      scene(order.ClassA, leaderless),
		"received-behind-a-doubt":  scene(order.ClassC, behind("BASE_ENTRY", "in_doubt")),
		"received-behind-an-order": scene(order.ClassA, behind("BASE_ENTRY", "submitted")),
		"received-behind-an-exit":  scene(order.ClassA, behind("EXIT", "received")),
		"received-outdated":        scene(order.ClassA, mode("halt"), valid(5*second)),
		"born-held": scene(order.ClassA,
			in("held", 1, 0), reason("max_lots"), valid(60*second)),
		"born-refused": scene(order.ClassA, in("rejected", 1, 0), reason("stale")),
		"held-by-a-person": scene(order.ClassA, in("held", 2, 3*second),
			decided(0, "received", "held", "held", 3*second, "news at ten")),
		"cancelled": scene(order.ClassA, in("cancelled", 2, 3*second),
			decided(0, "received", "cancelled", "cancelled", 3*second, "sent by mistake")),
		"expired": scene(order.ClassA, in("expired", 2, 6*second), valid(5*second)),
	}
}

// sent are signals with an attempt that is in no doubt.
func sent() map[string]story.Scene {
	return map[string]story.Scene{
		"freed-and-executed": scene(order.ClassA, in("executed", 5, 6*second),
			decided(0, "held", "received", "received", 500*time.Millisecond, "size agreed"),
			attempt("executed", 6*second, said("B-9", ""))),
		"submitting": scene(order.ClassA, in("submitting", 2, second), attempt("submitting", 0),
			func(s *story.Scene) { s.Now = after(2 * second) }),
		"submitting-overdue-class-a": scene(order.ClassA, in("submitting", 2, second),
			attempt("submitting", 0)),
		"submitting-overdue-class-c": scene(order.ClassC, in("submitting", 2, second),
			attempt("submitting", 0)),
		"submitting-overdue-class-d": scene(order.ClassD, in("submitting", 2, second),
			attempt("submitting", 0),
			leaderless),
		"submitted": scene(order.ClassA, in("submitted", 3, 2*second),
			attempt("submitted", 2*second, said("B-9", ""))),
		"submitted-vanished": scene(order.ClassC, in("submitted", 4, 4*second),
			attempt("submitted", 4*second, said("B-9", "")), alerted(4*second, "submitted")),
		"executed-after-a-void-attempt": scene(order.ClassA, in("executed", 5, 6*second),
			attempt("void", 1500*time.Millisecond), attempt("executed", 6*second, said("B-9", ""))),
		"void-gate": scene(order.ClassA, in("received", 3, 2*second), reason("gate_deadline"),
			attempt("void", 2*second)),
		"rejected-by-the-broker": scene(order.ClassA, in("rejected", 3, 2*second),
			attempt("rejected", 2*second, said("", "margin of 90,000 is missing"))),
	}
}

// doubtful are signals that were in doubt, or still are.
func doubtful() map[string]story.Scene {
	return map[string]story.Scene{
		"sent-again-class-a": scene(order.ClassA, in("in_doubt", 7, 8*second),
			attempt("in_doubt", 8*second, resent, said("", "timeout"))),
		"in-doubt-class-a-halted": scene(order.ClassA, in("in_doubt", 3, 4*second),
			attempt("in_doubt", 4*second), mode("halt")),
		"in-doubt-class-a-outdated": scene(order.ClassA, in("in_doubt", 3, 4*second),
			attempt("in_doubt", 4*second), valid(5*second), alerted(5*second, "in_doubt")),
		"in-doubt-class-b": scene(order.ClassB, in("in_doubt", 3, 4*second), attempt("in_doubt", 4*second)),
		"in-doubt-class-c": scene(order.ClassC, in("in_doubt", 3, 4*second),
			attempt("in_doubt", 4*second, said("", "504 Gateway Timeout")), alerted(4*second, "in_doubt")),
		"in-doubt-in-turn": scene(order.ClassC, in("in_doubt", 3, 4*second), attempt("in_doubt", 4*second),
			alerted(4*second, "in_doubt"), func(s *story.Scene) { s.InTurn = true }),
		"in-doubt-class-d": scene(order.ClassD, in("in_doubt", 3, 4*second), attempt("in_doubt", 4*second),
			alerted(4*second, "in_doubt")),
		"late-outcome": scene(order.ClassA, in("in_doubt", 4, 8*second),
			attempt("void", 2*second, late("executed")),
			alerted(8*second, "late outcome of a void attempt: executed")),
		"late-outcome-after-the-end": scene(order.ClassA, in("executed", 6, 8*second),
			attempt("void", 2*second, late("executed")), attempt("executed", 5*second),
			alerted(8*second, "late outcome of a void attempt: executed"),
			func(s *story.Scene) { s.Signal.EndedAt = at(5 * second) }),
		"attested-executed": scene(order.ClassC, in("executed", 4, 9*second),
			attempt("executed", 9*second, byPerson), alerted(4*second, "in_doubt"),
			decided(1, "in_doubt", "executed", "executed", 9*second, "filled at 09:15:03, contract note 81")),
		"attested-not-sent-and-sent-anew": scene(order.ClassC, in("submitting", 5, 9*second),
			attempt("void", 5*second, byPerson),
			decided(1, "in_doubt", "void", "received", 5*second, "the day's book has no such order"),
			attempt("submitting", 0, func(a *pgledger.Attempt) {
				a.PermittedAt, a.CreatedAt, a.SendBy = after(9*second), after(9*second), after(12*second)
			})),
		"word-from-before-the-log": scene(order.ClassC, in("rejected", 4, 9*second),
			attempt("rejected", 9*second, byPerson)),
	}
}
