package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fencepost"
	"fencepost/internal/testbed"
)

// inGroups starts one process that is an instance of all groups, and returns it
// once for each of them.
func (c *cluster) inGroups(id string, desks map[string]string) map[string]*instance {
	c.t.Helper()
	public, admin, dir := testbed.FreeAddr(c.t), testbed.FreeAddr(c.t), c.t.TempDir()
	of := map[string]*instance{}
	args := []string{"serve"}
	for group, desk := range desks {
		i := &instance{file: filepath.Join(dir, group+".yaml"), public: public, admin: admin}
		text := fmt.Sprintf(`
instance_id: %s
group: %s
listen: %s
admin_listen: %s
admin_token: %s
postgres: {dsn: "%s"}
redis: {addr: "%s"}
broker: {url: "http://%s", class: A}
lease: {profile: fast}
webhook: {sources: {test: {tokens: [%s]}}}
`, id, group, public, admin, adminToken, c.dsn, c.redis.Addr(), desk, pathToken)
		if err := os.WriteFile(i.file, []byte(text), 0o600); err != nil {
			c.t.Fatal(err)
		}
		flag := "--config"
		if len(of) > 0 {
			flag = "--also"
		}
		args, of[group] = append(args, flag, i.file), i
	}
	p := c.process(id, args...)
	for _, i := range of {
		i.process = p
	}
	return of
}

// leadsGroup says whether the process leads the group, and under which epoch.
func (i *instance) leadsGroup(group string) (leads bool, epoch uint64) {
	_, body := i.ask("GET", "/groups/"+group+"/v1/status", "")
	var s fencepost.Status
	return json.Unmarshal([]byte(body), &s) == nil && s.Group == group && s.IsLeader, s.Epoch
}

// groupFor returns a name whose leader should be the instance.
func groupFor(wanted string, ids []string) string {
	for n := 1; ; n++ {
		if name := fmt.Sprintf("desk-%d", n); fencepost.Placement(name, ids)[0] == wanted {
			return name
		}
	}
}

// Two groups in one database and two processes: each process comes to lead the one
// that prefers it, and the end of one leader does not move the other.
func TestTwoGroupsAreLedApartAndOneLeadersEndMovesNoOther(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	ids := []string{"blue-1", "green-1"}
	blues, greens := groupFor(ids[0], ids), groupFor(ids[1], ids)
	other := testbed.FreeAddr(t)
	c.process("paper-2", "paper", "--listen", other, "--class", "A")
	desks := map[string]string{blues: c.desk, greens: other}

	first := c.inGroups(ids[0], desks)
	if code, _, errs := command(t, "migrate", "up", "--config", first[blues].file); code != 0 {
		t.Fatal(errs)
	}
	leads := func(p map[string]*instance, group string) func() bool {
		return func() bool { leads, _ := p[group].leadsGroup(group); return leads }
	}
	within(t, patience, "whoever is alone leads both", func() bool {
		return leads(first, blues)() && leads(first, greens)()
	})
	second := c.inGroups(ids[1], desks)
	within(t, patience, "the second leads the group that prefers it", leads(second, greens))
	within(t, patience, "both are ready", func() bool {
		return second[greens].ready() && first[blues].ready()
	})
	if !leads(first, blues)() {
		t.Error("the other group moved as well")
	}
	if code, out, errs := command(t, "status", "--config", second[greens].file); code != 0 ||
		!strings.Contains(out, greens) {
		t.Errorf("status of one group: exit %d\n%s%s", code, out, errs)
	}
	_, kept := second[greens].leadsGroup(greens)
	executes(t, first[blues], greens, other)

	first[blues].kill()
	within(t, patience, "the second leads both", leads(second, blues))
	if still, epoch := second[greens].leadsGroup(greens); !still || epoch != kept {
		t.Errorf("the group of the living leader moved: leads %v, epoch %d, was %d", still, epoch, kept)
	}
	if code := second[greens].terminate(); code != 0 {
		t.Errorf("an orderly end has exit code %d", code)
	}
}

// executes sends a signal of the group to an instance that does not lead it.
func executes(t *testing.T, to *instance, group, desk string) {
	t.Helper()
	const body = `{"type":"EXIT","instrument":"NIFTY","position":"Long_1","timestamp":"t"}`
	url := "http://" + to.public + "/groups/" + group + "/webhook/" + pathToken
	answer, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusAccepted {
		t.Errorf("a webhook of the group is answered with %d", answer.StatusCode)
	}
	within(t, patience, "the group's own broker has the order", func() bool {
		_, out, _ := command(t, "signals", "list", "--state", "executed", "--config", to.file, "-o", "json")
		if strings.Contains(out, "NIFTY") {
			t.Fatal("the other group executed it")
		}
		book, err := http.Get("http://" + desk + "/orders")
		if err != nil {
			return false
		}
		defer book.Body.Close()
		var orders struct{ Orders []json.RawMessage }
		return json.NewDecoder(book.Body).Decode(&orders) == nil && len(orders.Orders) == 1
	})
}
