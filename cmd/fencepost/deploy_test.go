package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/goccy/go-yaml"

	"fencepost/internal/config"
	"fencepost/internal/testbed/certs"
)

// deployDir is where the files for every way in stand.
var deployDir = filepath.Join("..", "..", "deploy")

// deployed reads a file of it.
func deployed(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(deployDir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// readByTheirReaders is what Kubernetes, Compose and BuildKit understand of the
// files. The readers are in a module of their own.
var readByTheirReaders = sync.OnceValues(func() (u struct {
	Dockerfile []instruction `json:"dockerfile"`
	Compose    composed      `json:"compose"`
	Kubernetes []object      `json:"kubernetes"`
}, err error,
) {
	args := []string{"run", "-C", filepath.Join(deployDir, "check"), ".", "../Dockerfile", "../compose.yaml"}
	manifests, err := filepath.Glob(filepath.Join(deployDir, "kubernetes", "*.yaml"))
	if err != nil {
		return u, err
	}
	for _, file := range append(manifests, filepath.Join(deployDir, "fuzz-job.yaml")) {
		below, err := filepath.Rel(deployDir, file)
		if err != nil {
			return u, err
		}
		args = append(args, filepath.Join("..", below))
	}
	cmd := exec.Command("go", args...)
	cmd.Stderr = new(bytes.Buffer)
	out, err := cmd.Output()
	if err != nil {
		return u, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, cmd.Stderr)
	}
	return u, json.Unmarshal(out, &u)
})

// instruction is one line of a Dockerfile.
type instruction struct {
	Word        string
	Flags, Args []string
}

// composed is as much of a Compose project as is compared.
type composed struct {
	Services map[string]struct {
		Command     []string          `json:"command"`
		Environment map[string]string `json:"environment"`
		Image       string            `json:"image"`
		ReadOnly    bool              `json:"read_only"`
		CapDrop     []string          `json:"cap_drop"`
		HealthCheck struct {
			Test    []string `json:"test"`
			Disable bool     `json:"disable"`
		} `json:"healthcheck"`
		Ports []struct {
			Target int `json:"target"`
		} `json:"ports"`
		Secrets []struct {
			Source string `json:"source"`
		} `json:"secrets"`
	} `json:"services"`
}

// object is as much of a Kubernetes object as is compared.
type object struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Data map[string]string `json:"data"`
	Spec struct {
		Selector json.RawMessage `json:"selector"`
		Ports    []struct {
			Port       int `json:"port"`
			TargetPort any `json:"targetPort"`
		} `json:"ports"`
		Template struct {
			Metadata struct {
				Labels map[string]string `json:"labels"`
			} `json:"metadata"`
			Spec pod `json:"spec"`
		} `json:"template"`
	} `json:"spec"`
}

type pod struct {
	AutomountServiceAccountToken *bool `json:"automountServiceAccountToken"`
	EnableServiceLinks           *bool `json:"enableServiceLinks"`
	SecurityContext              struct {
		RunAsNonRoot bool  `json:"runAsNonRoot"`
		RunAsUser    int64 `json:"runAsUser"`
		FSGroup      int64 `json:"fsGroup"`
	} `json:"securityContext"`
	Containers []struct {
		Image string   `json:"image"`
		Args  []string `json:"args"`
		Env   []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"env"`
		Ports []struct {
			Name          string `json:"name"`
			ContainerPort int    `json:"containerPort"`
		} `json:"ports"`
		LivenessProbe, ReadinessProbe *struct {
			HTTPGet struct {
				Path string `json:"path"`
				Port any    `json:"port"`
			} `json:"httpGet"`
		}
		SecurityContext struct {
			AllowPrivilegeEscalation *bool `json:"allowPrivilegeEscalation"`
			ReadOnlyRootFilesystem   bool  `json:"readOnlyRootFilesystem"`
			Capabilities             struct {
				Drop []string `json:"drop"`
			} `json:"capabilities"`
		} `json:"securityContext"`
	} `json:"containers"`
	Volumes []struct {
		Secret *struct {
			DefaultMode fs.FileMode `json:"defaultMode"`
		} `json:"secret"`
	} `json:"volumes"`
}

// understandable holds a command line against the program's own verbs and flags.
func understandable(t *testing.T, where string, args []string) {
	t.Helper()
	root := (&app{out: new(bytes.Buffer), errs: new(bytes.Buffer)}).root()
	found, rest, err := root.Find(args)
	if err == nil {
		err = found.ParseFlags(rest)
	}
	if err == nil {
		err = found.ValidateArgs(found.Flags().Args())
	}
	if err != nil || !found.Runnable() || found.HasSubCommands() {
		t.Errorf("%s: fencepost %s: %v", where, strings.Join(args, " "), err)
	}
}

// settingsOf puts the secrets of a configuration where a test can read them, and
// has the program judge it. It returns what it says.
func settingsOf(t *testing.T, where, text string) *config.Config {
	t.Helper()
	dir := t.TempDir()
	paths := regexp.MustCompile(`(/run/secrets|/etc/fencepost)/[a-z_/.]+[a-z_]`)
	authority := certs.New(t).File
	text = paths.ReplaceAllStringFunc(text, func(path string) string {
		if strings.HasSuffix(path, ".crt") {
			return authority
		}
		file := filepath.Join(dir, filepath.Base(path))
		if err := os.WriteFile(file, []byte("a-secret-of-a-test-"+filepath.Base(path)), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	})
	file := filepath.Join(dir, "fencepost.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := command(t, "config", "check", "--config", file); code != exitDone {
		t.Errorf("%s: exit %d\n%s%s", where, code, out, errs)
	}
	c, err := config.Load(file, nil)
	if err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	return c
}

// port is the port of an address.
func port(t *testing.T, address string) string {
	t.Helper()
	_, p, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// checkVariables holds variables of an environment against the settings.
func checkVariables(t *testing.T, where string, names []string) {
	t.Helper()
	known := map[string]bool{"FENCEPOST_CONFIG": true}
	for _, s := range config.Settings() {
		known["FENCEPOST_"+strings.ToUpper(strings.ReplaceAll(s, ".", "_"))] = true
	}
	for _, name := range names {
		if strings.HasPrefix(name, "FENCEPOST_") && !known[name] {
			t.Errorf("%s: %s is no setting", where, name)
		}
	}
}

func TestComposeFileSaysWhatTheProgramUnderstands(t *testing.T) {
	u, err := readByTheirReaders()
	if err != nil {
		t.Fatal(err)
	}
	c := settingsOf(t, "fencepost.yaml", deployed(t, "fencepost.yaml"))
	ours := 0
	for name, s := range u.Compose.Services {
		where := "compose.yaml, " + name
		if !s.ReadOnly || !slices.Contains(s.CapDrop, "ALL") {
			t.Errorf("%s: read_only %v, cap_drop %v", where, s.ReadOnly, s.CapDrop)
		}
		if !s.HealthCheck.Disable && len(s.HealthCheck.Test) == 0 {
			t.Errorf("%s: no health check", where)
		}
		if s.Image != "fencepost" {
			continue
		}
		ours++
		args := s.Command
		if len(args) == 0 {
			args = []string{"serve"}
			if len(s.Ports) != 2 || fmt.Sprint(s.Ports[0].Target) != port(t, c.Listen) ||
				fmt.Sprint(s.Ports[1].Target) != port(t, c.AdminListen) {
				t.Errorf("%s: ports %+v", where, s.Ports)
			}
		}
		understandable(t, where, args)
		if test := s.HealthCheck.Test; !s.HealthCheck.Disable {
			understandable(t, where, test[2:])
		}
		checkVariables(t, where, slices.Collect(maps.Keys(s.Environment)))
	}
	if ours != 4 {
		t.Errorf("%d services of ours, want two instances, migrate and paper", ours)
	}
	var scrapes struct {
		Jobs []struct {
			Static []struct {
				Targets []string `yaml:"targets"`
			} `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal([]byte(deployed(t, "prometheus/prometheus.yml")), &scrapes); err != nil {
		t.Fatal(err)
	}
	for _, target := range scrapes.Jobs[0].Static[0].Targets {
		host, p, _ := strings.Cut(target, ":")
		if _, there := u.Compose.Services[host]; !there || p != port(t, c.AdminListen) {
			t.Errorf("prometheus.yml scrapes %s", target)
		}
	}
}

func TestManifestsSayWhatTheProgramUnderstands(t *testing.T) {
	u, err := readByTheirReaders()
	if err != nil {
		t.Fatal(err)
	}
	var c *config.Config
	services := map[string]bool{}
	for _, o := range u.Kubernetes {
		services[o.Kind+" "+o.Metadata.Name] = true
		if text := o.Data["fencepost.yaml"]; text != "" {
			c = settingsOf(t, "ConfigMap "+o.Metadata.Name, text)
		}
	}
	if c == nil || !services["Service fencepost-nodes"] {
		t.Fatalf("no settings, or no Service: %v", services)
	}
	for _, o := range u.Kubernetes {
		for _, container := range o.Spec.Template.Spec.Containers {
			where := o.Kind + " " + o.Metadata.Name
			checkPod(t, where, &o.Spec.Template.Spec)
			if container.Image != "fencepost" {
				continue
			}
			understandable(t, where, container.Args)
			var names []string
			for _, e := range container.Env {
				names = append(names, e.Name)
			}
			checkVariables(t, where, names)
			if container.ReadinessProbe == nil {
				continue
			}
			ports := fmt.Sprint(container.Ports)
			want := fmt.Sprintf("[{webhook %s} {admin %s}]", port(t, c.Listen), port(t, c.AdminListen))
			if ports != want {
				t.Errorf("%s: ports %s, want %s", where, ports, want)
			}
			live, ready := container.LivenessProbe.HTTPGet, container.ReadinessProbe.HTTPGet
			if live.Path != "/livez" || ready.Path != "/readyz" ||
				live.Port != "admin" || ready.Port != "admin" {
				t.Errorf("%s: probes %+v and %+v", where, live, ready)
			}
		}
	}
	proxies := deployed(t, "kubernetes/leader.yaml")
	want := fmt.Sprintf("fencepost-nodes:%s check port %s ", port(t, c.Listen), port(t, c.AdminListen))
	if !strings.Contains(proxies, want) || !strings.Contains(proxies, "httpchk GET /leader\n") {
		t.Errorf("leader.yaml does not ask each instance at /leader")
	}
}

// checkPod holds a pod against the restricted profile of the pod security
// standards, and to reading no token.
func checkPod(t *testing.T, where string, p *pod) {
	t.Helper()
	if where == "Job fencepost-fuzz" {
		return // cmd/drill judges it
	}
	if p.AutomountServiceAccountToken == nil || *p.AutomountServiceAccountToken ||
		p.EnableServiceLinks == nil || *p.EnableServiceLinks ||
		!p.SecurityContext.RunAsNonRoot || p.SecurityContext.RunAsUser == 0 {
		t.Errorf("%s: %+v", where, p.SecurityContext)
	}
	for _, container := range p.Containers {
		s := container.SecurityContext
		if s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || !s.ReadOnlyRootFilesystem ||
			!slices.Contains(s.Capabilities.Drop, "ALL") {
			t.Errorf("%s: %+v", where, s)
		}
	}
	for _, v := range p.Volumes {
		// A password that everybody can read is refused by the service.
		if v.Secret != nil && (v.Secret.DefaultMode&0o007 != 0 || p.SecurityContext.FSGroup == 0) {
			t.Errorf("%s: a secret has the mode %v", where, v.Secret.DefaultMode)
		}
	}
}
