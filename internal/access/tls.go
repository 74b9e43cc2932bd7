package access

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"
)

// TLS says how a connection is encrypted and who vouches for its two ends. The
// server's certificate is always verified.
type TLS struct {
	// CAFile holds the certificates that vouch for the server, as PEM; without it
	// the machine's own do.
	CAFile string
	// CertFile and KeyFile are what this side shows; both or neither.
	CertFile, KeyFile string
	// ServerName must stand in the server's certificate; without it the name by
	// which the server is called.
	ServerName string
}

// IsSet reports whether anything was said.
func (t TLS) IsSet() bool { return t != TLS{} }

// Config reads the files and returns what a connection to that host needs.
func (t TLS) Config(host string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if c.ServerName == "" {
		c.ServerName = host
	}
	if t.CAFile != "" {
		text, err := read(t.CAFile, 0)
		if err != nil {
			return nil, fmt.Errorf("tls_ca_file: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("tls_ca_file: %s: holds no certificate", t.CAFile)
		}
	}
	if (t.CertFile == "") != (t.KeyFile == "") {
		return nil, errors.New("tls_cert_file and tls_key_file: set both or neither")
	}
	if t.CertFile != "" {
		pair, err := t.pair()
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// pair reads what this side shows.
func (t TLS) pair() (tls.Certificate, error) {
	certificate, err := read(t.CertFile, 0)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("tls_cert_file: %w", err)
	}
	key, err := read(t.KeyFile, everybody)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("tls_key_file: %w", err)
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return pair, fmt.Errorf("tls_cert_file %s with tls_key_file %s: %w", t.CertFile, t.KeyFile, err)
	}
	return pair, nil
}

// dial opens a connection.
type dial func(ctx context.Context, network, address string) (net.Conn, error)

// dialer returns what opens connections within the limit, encrypted if t is not
// nil. The files are read for each of them.
func dialer(limit time.Duration, t *TLS) dial {
	plain := &net.Dialer{Timeout: limit, KeepAlive: 5 * time.Second}
	if t == nil {
		return plain.DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		config, err := t.Config(host)
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		raw, err := plain.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		encrypted := tls.Client(raw, config)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("TLS with %s: %w", address, err), raw.Close())
		}
		return encrypted, nil
	}
}
