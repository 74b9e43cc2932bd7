package chaos

import "fencepost/core"

// errand is something that a store is to be told, and what follows when it has been
// told.
type errand struct {
	tell func() error
	then func()
}

// onceAnswers does what has to tell a store something: now, or as soon as no other
// fault keeps the store from being told, one after the other. The conductor must not
// wait for it: it alone ends what keeps the store from answering. While a store is
// told something, nothing strikes it that would keep it from answering.
func (r *run) onceAnswers(of core.Store, e errand) {
	if len(r.errands[of]) == 0 && !r.telling[of] && r.answers(of) {
		r.broke(e.tell())
		e.then()
		return
	}
	r.errands[of] = append(r.errands[of], e)
	r.tell(of)
}

// tell does the first of what has waited for a store, beside the conductor: a
// server that has just woken takes its time.
func (r *run) tell(of core.Store) {
	if r.telling[of] || len(r.errands[of]) == 0 || !r.answers(of) {
		return
	}
	e := r.errands[of][0]
	r.errands[of], r.telling[of] = r.errands[of][1:], true
	r.background(e.tell, func() {
		r.telling[of] = false
		e.then()
		r.tell(of)
	})
}

// answers tells whether a store can be told anything.
func (r *run) answers(of core.Store) bool {
	if of == core.Redis {
		return r.redisAnswers()
	}
	return r.postgresAnswers()
}
