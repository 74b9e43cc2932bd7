package migrations_test

// addNotice writes a notification, with the columns that matter to a rule.
func addNotice(id, group, kind, state, ended, once string) string {
	return `INSERT INTO notifications (id, group_name, kind, message, state, ended_at, once)
		VALUES (` + id + `, '` + group + `', '` + kind + `', 'm', '` + state + `', ` + ended + `,
		` + once + `)`
}

// brokenNotices are attempts to break the rules of the outbox.
var brokenNotices = map[string][]string{
	"notifications_pkey": {
		addNotice(`900`, `g`, `halt`, `pending`, `NULL`, `NULL`) + `; ` +
			addNotice(`900`, `g`, `halt`, `pending`, `NULL`, `NULL`),
	},
	"notifications_once": {
		addNotice(`900`, `g`, `halt`, `pending`, `NULL`, `'x'`) + `; ` +
			addNotice(`901`, `g`, `halt`, `pending`, `NULL`, `'x'`),
	},
	"notifications_group_named": {addNotice(`900`, ``, `halt`, `pending`, `NULL`, `NULL`)},
	"notifications_kind_known":  {addNotice(`900`, `g`, `gossip`, `pending`, `NULL`, `NULL`)},
	"notifications_state_known": {addNotice(`900`, `g`, `halt`, `lost`, `clock_timestamp()`, `NULL`)},
	"notifications_ended_iff_settled": {
		addNotice(`900`, `g`, `halt`, `pending`, `clock_timestamp()`, `NULL`),
		addNotice(`900`, `g`, `halt`, `delivered`, `NULL`, `NULL`),
	},
	"notifications_keep_their_word": {
		`UPDATE notifications SET message = 'all is well'`, `UPDATE notifications SET kind = 'alert'`,
		`UPDATE notifications SET subject = ''`, `UPDATE notifications SET happened_at = 'epoch'`,
		`UPDATE notifications SET delivered_to = '{a}'; UPDATE notifications SET delivered_to = '{}'`,
		`DELETE FROM notifications`, `TRUNCATE notifications`,
	},
}
