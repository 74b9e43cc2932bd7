package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"fencepost/internal/testbed"
	"fencepost/internal/testbed/debian"
)

// haproxy is the program of leader.yaml.
var haproxy = debian.Program{Name: "haproxy", Variable: "FENCEPOST_HAPROXY", VersionFlag: "-v"}

// proxied starts a proxy with the settings of leader.yaml before the instances,
// and returns where it takes webhooks and where it is asked whether it is ready.
func (c *cluster) proxied(nodes ...*instance) (webhooks, health string) {
	c.t.Helper()
	found, err := haproxy.Find(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	u, err := readByTheirReaders()
	if err != nil {
		c.t.Fatal(err)
	}
	var text string
	for _, o := range u.Kubernetes {
		text += o.Data["haproxy.cfg"]
	}
	webhooks, health = testbed.FreeAddr(c.t), testbed.FreeAddr(c.t)
	template := regexp.MustCompile(`(?m)^ *server-template node 3 fencepost-nodes:8080 check port 8081 ` +
		`(inter 500ms fall 1 rise 1) resolvers cluster init-addr none$`)
	var servers []string
	for i, n := range nodes {
		servers = append(servers,
			fmt.Sprintf("  server n%d %s check port %s $1", i, n.public, port(c.t, n.admin)))
	}
	settings := template.ReplaceAllString(text, strings.Join(servers, "\n"))
	for from, to := range map[string]string{
		"bind :8080": "bind " + webhooks, "bind :8082": "bind " + health,
	} {
		if !strings.Contains(settings, from) || settings == text {
			c.t.Fatalf("leader.yaml is another than this test knows:\n%s", text)
		}
		settings = strings.Replace(settings, from, to, 1)
	}
	file := filepath.Join(c.t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		c.t.Fatal(err)
	}
	cmd := exec.Command(found.Path, "-db", "-f", file)
	cmd.Env = append(os.Environ(), found.Environment()...)
	cmd.SysProcAttr = orphans()
	log := &process{t: c.t}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if c.t.Failed() {
			c.t.Logf("log of haproxy:\n%s", log.text())
		}
	})
	return "http://" + webhooks + "/webhook/" + pathToken, "http://" + health + "/ready"
}

func TestServiceOfTheLeaderLeadsToNobodyElse(t *testing.T) {
	c := newCluster(t)
	if code, out, errs := command(t, "migrate", "up", "--config", c.configured(t)); code != exitDone {
		t.Fatalf("%s%s", out, errs)
	}
	first := c.serve("n1", nil)
	within(t, patience, "the first leads", first.leads)
	second := c.serve("n2", nil)
	within(t, patience, "the second is ready", second.ready)
	webhooks, health := c.proxied(first, second)
	ready := func() bool {
		response, err := http.Get(health) //nolint:noctx // it ends with the proxy
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	}
	sent := 0
	send := func() int {
		sent++
		return post(t, webhooks, fmt.Sprintf(
			`{"type":"EXIT","instrument":"X","position":"p","timestamp":"t","signal_id":"s-%d"}`, sent))
	}
	taken := func(by string) int {
		return query[int](t, c.dsn, `SELECT count(*)::int FROM signals WHERE received_by = '`+by+`'`)
	}
	within(t, patience, "the proxy has found the leader", ready)
	for range 6 {
		if code := send(); code != http.StatusAccepted {
			t.Fatalf("status %d", code)
		}
	}
	if n1, n2 := taken("n1"), taken("n2"); n1 != 6 || n2 != 0 {
		t.Errorf("the leader took %d, the other one %d", n1, n2)
	}
	first.kill()
	within(t, patience, "the proxy has found the new leader", func() bool {
		return second.leads() && ready() && send() == http.StatusAccepted
	})
	if taken("n2") == 0 {
		t.Error("the new leader took none")
	}
}
