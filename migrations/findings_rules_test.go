package migrations_test

// addFinding writes what a comparison found, with the columns that matter to a rule.
func addFinding(id, group, kind, order string) string {
	return `INSERT INTO reconcile_findings (id, group_name, kind, client_order_id, broker_state, ledger_state,
		detail, halted, pass, found_by, after_control)
		VALUES (` + id + `, '` + group + `', '` + kind + `', '` + order + `', 'filled', 'unknown', 'd', true,
		'p', 'n1', 0)`
}

// brokenFindings are attempts to break the rules of what was found in comparisons.
var brokenFindings = map[string][]string{
	"reconcile_findings_pkey": {
		addFinding(`1`, `g`, `unknown_order`, `A`) + `; ` + addFinding(`1`, `g`, `unknown_order`, `B`),
	},
	"reconcile_findings_once": {
		addFinding(`1`, `g`, `unknown_order`, `A`) + `; ` + addFinding(`2`, `g`, `unknown_order`, `A`),
	},
	"reconcile_findings_group_named":     {addFinding(`1`, ``, `unknown_order`, `A`)},
	"reconcile_findings_kind_is_a_word":  {addFinding(`1`, `g`, `An order`, `A`)},
	"reconcile_findings_about_something": {addFinding(`1`, `g`, `unknown_order`, ``)},
	"reconcile_findings_append_only": {
		addFinding(`1`, `g`, `unknown_order`, `A`) + `; UPDATE reconcile_findings SET detail = 'e'`,
		addFinding(`1`, `g`, `unknown_order`, `A`) + `; DELETE FROM reconcile_findings`,
		`TRUNCATE reconcile_findings`,
	},
}
