package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"fencepost/internal/testbed"
	"fencepost/internal/testbed/postgres"
)

// runbook is a person who follows a runbook: they type its commands, in order,
// in a directory of their own that has the files which the runbook names.
type runbook struct {
	t        *testing.T
	name     string
	commands []string
	dir      string
	env      []string
	// codes are the exit codes that are due, by how a command begins; 0 for others.
	codes map[string]int
}

// openRunbook reads the commands of a runbook.
func openRunbook(t *testing.T, name string, env ...string) *runbook {
	t.Helper()
	for _, tool := range []string{"pg_dump", "pg_restore", "psql"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("no %s here: apt-get install postgresql-client", tool)
		}
	}
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	b := &runbook{t: t, name: name, dir: t.TempDir(), codes: map[string]int{}}
	b.env = append(os.Environ(), env...)
	b.env = append(b.env, "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"))
	deploy, err := filepath.Abs(deployDir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(deploy, filepath.Join(b.dir, "deploy")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "runbooks", name))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if command, indented := strings.CutPrefix(line, "    "); indented {
			b.commands = append(b.commands, strings.TrimSpace(command))
		}
	}
	return b
}

// upTo types the commands up to, and without, the first that begins so, all of
// them if none does. It returns what the last one printed.
func (b *runbook) upTo(begins string) (last string) {
	b.t.Helper()
	for len(b.commands) > 0 && (begins == "" || !strings.HasPrefix(b.commands[0], begins)) {
		command := b.commands[0]
		b.commands = b.commands[1:]
		cmd := exec.Command("sh", "-c", command)
		cmd.Dir, cmd.Env = b.dir, b.env
		out, err := cmd.CombinedOutput()
		want := 0
		for prefix, code := range b.codes {
			if strings.HasPrefix(command, prefix) {
				want = code
			}
		}
		if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != want {
			b.t.Fatalf("%s: %s: %v, want exit code %d\n%s", b.name, command, err, want, out)
		}
		last = string(out)
	}
	if begins != "" && len(b.commands) == 0 {
		b.t.Fatalf("%s has no command %q", b.name, begins)
	}
	return last
}

// command is the next command that holds those words.
func (b *runbook) command(words string) string {
	b.t.Helper()
	for _, command := range b.commands {
		if strings.Contains(command, words) {
			return command
		}
	}
	b.t.Fatalf("%s has no command with %q", b.name, words)
	return ""
}

// query reads one value from a database.
func query[T any](t *testing.T, dsn, sql string) (value T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), sql).Scan(&value); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

// burn uses up transactions, as years do.
func burn(t *testing.T, dsn string, count int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), fmt.Sprintf(`DO $$ BEGIN FOR i IN 1..%d LOOP
		PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`, count)); err != nil {
		t.Fatal(err)
	}
}

// send has an instance store a signal.
func (i *instance) send(id, more string) int {
	i.t.Helper()
	body := fmt.Sprintf(`{"type":"EXIT","instrument":"X","position":"p","timestamp":"t","signal_id":%q%s}`,
		id, more)
	return post(i.t, "http://"+i.public+"/webhook/"+pathToken, body)
}

// post sends a body and returns the status.
func post(t *testing.T, url, body string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

// executed waits until a ledger holds so many signals that were executed.
func executed(t *testing.T, dsn string, count int) {
	t.Helper()
	within(t, patience, fmt.Sprintf("%d signals are executed", count), func() bool {
		return query[int](t, dsn, `SELECT count(*)::int FROM signals WHERE state = 'executed'`) == count
	})
}

// roles are what a superuser makes once on each server.
const roles = `CREATE ROLE fencepost_service NOLOGIN; CREATE ROLE fencepost_reader NOLOGIN`

// script has the server carry out texts of several statements each.
func script(t *testing.T, dsn string, texts ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, sql := range texts {
		if _, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRunbookRestoresABackupOntoANewServer(t *testing.T) {
	c := newCluster(t)
	c.dsn = testbed.OwnPostgres(t, postgres.Options{OwnIdentity: true}).DSN("postgres")
	if code, out, errs := command(t, "migrate", "up", "--config", c.configured(t)); code != exitDone {
		t.Fatalf("%s%s", out, errs)
	}
	// The dump carries rights of roles that the new server does not have.
	script(t, c.dsn, roles, deployed(t, "postgres/grants.sql"))
	fresh := testbed.OwnPostgres(t, postgres.Options{OwnIdentity: true})
	restored := fresh.DSN("postgres")
	burn(t, c.dsn, 5000)
	first := c.serve("n1", nil)
	within(t, patience, "it leads", first.leads)
	if code := first.send("s-1", ""); code != 202 {
		t.Fatalf("status %d", code)
	}
	executed(t, c.dsn, 1)
	old := c.dsn
	sealed := c.configured(t)
	if code, out, _ := command(t, "verify", "--config", sealed, "--seal"); code != exitDone {
		t.Fatalf("before: %s", out)
	}

	b := openRunbook(t, "restore-a-backup.md", "LEDGER="+old, "RESTORED="+restored)
	b.codes["fencepost reconcile --dry-run"] = exitConflict
	b.upTo("pg_restore")
	// What the dump forgets: a leadership, and a signal that was executed.
	if code, body := first.ask("POST", "/v1/leader/step-down", ""); code != 200 {
		t.Fatalf("%d %s", code, body)
	}
	within(t, patience, "it leads again", first.leads)
	if code := first.send("s-2", ""); code != 202 {
		t.Fatalf("status %d", code)
	}
	executed(t, old, 2)
	first.kill()

	b.upTo(b.command("grants.sql"))
	script(t, restored, roles)
	b.upTo("fencepost control set")
	const may = `SELECT has_table_privilege('fencepost_service', 'reconcile_findings', 'INSERT')`
	if !query[bool](t, restored, may) {
		t.Error("the service has not got its rights back")
	}
	c.dsn = restored
	i := &instance{file: filepath.Join(b.dir, "restored.yaml"), public: first.public, admin: first.admin}
	c.write(i, "n1")
	b.upTo("fencepost authority show")
	again := c.serve("n1", i)
	within(t, patience, "it bars itself", func() bool {
		_, body := again.ask("GET", "/readyz", "")
		return strings.Contains(body, "barred")
	})
	b.codes["fencepost authority show"] = exitConflict
	b.upTo("fencepost authority accept")
	delete(b.codes, "fencepost authority show")
	b.upTo("fencepost control show")
	within(t, patience, "it leads under an epoch that was never used", again.leads)
	within(t, patience, "it halts for the order that was forgotten", func() bool {
		return query[string](t, restored, `SELECT control_mode FROM authority`) == "halt"
	})
	if epoch := query[int](t, restored, `SELECT epoch::int FROM authority`); epoch < 3 {
		t.Errorf("leads under epoch %d, and 2 was used", epoch)
	}
	b.upTo("")
	if code := again.send("s-3", ""); code != 202 {
		t.Fatalf("status %d", code)
	}
	executed(t, restored, 2)
}

func TestRunbookArchivesSignals(t *testing.T) {
	c := newCluster(t)
	if code, out, errs := command(t, "migrate", "up", "--config", c.configured(t)); code != exitDone {
		t.Fatalf("%s%s", out, errs)
	}
	node := c.serve("n1", nil)
	within(t, patience, "it leads", node.leads)
	long := fmt.Sprintf(`,"note":%q`, strings.Repeat("long ", 2000))
	for id, more := range map[string]string{"s-1": long, "s-2": "", "s-3": long} {
		if code := node.send(id, more); code != 202 {
			t.Fatalf("status %d", code)
		}
	}
	executed(t, c.dsn, 3)
	aged(t, c.dsn, "s-1", "s-2")
	b := openRunbook(t, "archive-signals.md", "LEDGER="+c.dsn)
	c.write(&instance{file: filepath.Join(b.dir, "owner.yaml"), public: node.public, admin: node.admin}, "n1")
	b.codes["fencepost verify"] = exitDone
	out := b.upTo("")
	if !strings.Contains(out, `"attempts": [{`) || !strings.Contains(out, `"executed"`) {
		t.Errorf("the file does not tell of s-1: %s", out)
	}
	const sizes = `SELECT string_agg(signal_id || ' ' || (octet_length(payload) > 0)::text, ', '
		ORDER BY signal_id) FROM signals`
	if got := query[string](t, c.dsn, sizes); got != "s-1 false, s-2 true, s-3 true" {
		t.Errorf("bodies: %s", got)
	}
	// The key is kept for ever, and so is what it stood for.
	if code := node.send("s-1", long); code != 200 {
		t.Errorf("a repetition of an archived signal: status %d, want 200", code)
	}
	if code := node.send("s-1", `,"lots":7`); code != 409 {
		t.Errorf("another body under its id: status %d, want 409", code)
	}
}

// aged makes signals old. It is what only time can do, so that the rules are out
// of force for it, and the events tell of it.
func aged(t *testing.T, dsn string, ids ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(),
		`UPDATE signals SET ended_at = '2025-06-01' WHERE signal_id = ANY ($1)`, ids); err != nil {
		t.Fatal(err)
	}
}
