package assault

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"fencepost/internal/cluster"
	"fencepost/internal/config"
	"fencepost/internal/load"
	"fencepost/internal/testbed/scrape"
)

// askBound is how long a process may take to say what it holds.
const askBound = 5 * time.Second

// The sources that are attacked in a cluster of the assault's own, beside the genuine
// one: their names and tokens, and the secret of the one that signs.
const (
	source       = "assaulted"
	token        = "Assaulted-Token-0123456789abcdef"
	signedSource = "signing"
	signedToken  = "Signing-Token-0123456789abcdef00"
	signedSecret = "whsec_" + "QXNzYXVsdGVkLVNlY3JldC0wMTIzNDU2Nzg5YWJjZGVm"
)

// Settings adds the sources to a node's configuration. One that signs is added where
// the service knows of signatures.
func Settings(_ string, settings map[string]any) {
	settings["webhook.sources."+source+".tokens"] = []string{token}
	if _, signs := reflect.TypeFor[config.Source]().FieldByName("SigningSecrets"); signs {
		settings["webhook.sources."+signedSource+".tokens"] = []string{signedToken}
		settings["webhook.sources."+signedSource+".signing_secrets"] = []string{signedSecret}
	}
}

// Place is what is attacked, and who can tell of it.
type Place struct {
	Nodes []Node
	// Token and Secret are those of the source that is attacked; Secret is empty if
	// it does not sign. SignedToken and SignedSecret are those of a source that
	// does, empty where there is none.
	Token, Secret, SignedToken, SignedSecret string
	// Genuine is where the genuine source sends.
	Genuine []load.Target
	// Ledger is nil where only an address is known.
	Ledger *cluster.Ledger
	// Secrets must not stand in a log, by what they are.
	Secrets map[string]string
}

// Node is one instance that is attacked. Admin is its other address, HOST:PORT,
// and Log the file of its log; both may be empty.
type Node struct {
	ID, Addr, Admin, Log string
	// Lives reports that its process is the one that it was; nil if nobody knows.
	Lives func() bool
}

// OfCluster attacks all nodes of a cluster that was started with Settings.
func OfCluster(c *cluster.Cluster) Place {
	state := c.State()
	p := Place{
		Token: token, Genuine: load.Targets(c), Ledger: c.Ledger(),
		Secrets: map[string]string{
			"the token of the source": token, "the token of the genuine source": state.WebhookToken,
			"the admin token": state.AdminToken,
		},
	}
	all := map[string]any{}
	if Settings("", all); len(all) > 1 {
		p.SignedToken, p.SignedSecret = signedToken, signedSecret
		p.Secrets["the token of the source that signs"] = signedToken
		p.Secrets["the secret of the source that signs"] = strings.TrimPrefix(signedSecret, "whsec_")
	}
	if dsn, err := url.Parse(state.PostgresDSN); err == nil && dsn.User != nil {
		if password, set := dsn.User.Password(); set && password != "" {
			p.Secrets["the password of the database"] = password
		}
	}
	for _, n := range c.Nodes() {
		pid := n.PID()
		p.Nodes = append(p.Nodes, Node{
			ID: n.ID(), Addr: strings.TrimPrefix(n.URL(), "http://"),
			Admin: strings.TrimPrefix(n.AdminURL(), "http://"), Log: n.LogPath(),
			Lives: func() bool { return n.Running() && n.PID() == pid },
		})
	}
	return p
}

// OfURL attacks a service that somebody else started: the URL of its webhook with
// the token in it, and of its admin listener, which may be empty.
func OfURL(webhook, admin, secret string) (Place, error) {
	at, err := url.Parse(webhook)
	if err != nil {
		return Place{}, fmt.Errorf("--url %s: want http://HOST:PORT/webhook/TOKEN: %w", webhook, err)
	}
	token, ok := strings.CutPrefix(at.Path, "/webhook/")
	if at.Scheme != "http" || at.Host == "" || !ok || token == "" {
		return Place{}, fmt.Errorf("--url %s: want http://HOST:PORT/webhook/TOKEN", webhook)
	}
	if _, _, err := net.SplitHostPort(at.Host); err != nil {
		return Place{}, fmt.Errorf("--url %s: want http://HOST:PORT/webhook/TOKEN: %w", webhook, err)
	}
	n := Node{ID: at.Host, Addr: at.Host}
	if admin != "" {
		base, err := url.Parse(admin)
		if err != nil || base.Scheme != "http" || base.Host == "" {
			return Place{}, fmt.Errorf("--admin %s: want http://HOST:PORT", admin)
		}
		n.Admin = base.Host
	}
	p := Place{
		Nodes: []Node{n}, Token: token, Secret: secret,
		Genuine: []load.Target{{Addr: at.Host, Path: at.Path}},
	}
	if secret != "" {
		p.SignedToken, p.SignedSecret = token, secret
	}
	return p, nil
}

// ready asks whether the node says that it can do its part.
func (n *Node) ready(ctx context.Context) error {
	response, err := n.get(ctx, "http://"+n.Addr+"/readyz")
	if err != nil {
		return fmt.Errorf("%s: %w", n.ID, err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s is not ready: %s", n.ID, response.Status)
	}
	return nil
}

// holds asks what the node's process holds.
func (n *Node) holds(ctx context.Context) (Holding, error) {
	response, err := n.get(ctx, "http://"+n.Admin+"/metrics")
	if err != nil {
		return Holding{}, fmt.Errorf("%s: %w", n.ID, err)
	}
	defer response.Body.Close()
	values, err := scrape.Read(response.Body)
	if err != nil {
		return Holding{}, fmt.Errorf("%s: %w", n.ID, err)
	}
	h := Holding{
		Memory:      int64(values["process_resident_memory_bytes"]),
		Heap:        int64(values["go_memstats_heap_inuse_bytes"]),
		Descriptors: int64(values["process_open_fds"]), Goroutines: int64(values["go_goroutines"]),
	}
	if h.Memory == 0 || h.Descriptors == 0 || h.Goroutines == 0 {
		return h, errors.New(n.ID + " does not say what it holds")
	}
	return h, nil
}

// asker keeps no connection: it would be one of the descriptors that are counted.
var asker = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: askBound}

func (n *Node) get(ctx context.Context, from string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from, http.NoBody)
	if err != nil {
		return nil, err
	}
	return asker.Do(request)
}
