// One port for two servers, as k3s has it: paths of its supervisor go to that, all else to the Kubernetes API, which learns who asks.
//
// In k3s the API's handler is called in the same process and looks at the client's certificate itself (k3s, pkg/cluster/https.go: the listener
// asks for one and verifies none; pkg/server/handlers/router.go: NotFoundHandler). Between processes a certificate is verified here and its
// names are passed on as an authenticating proxy does (kubernetes.io/docs/reference/access-authn-authz/authentication, front-proxy).
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"time"
)

type front struct {
	paths      []string // of the supervisor; one that ends in a slash stands for all below it
	clients    *x509.CertPool
	supervisor http.Handler
	known      http.Handler // the API, for who has shown a certificate
	others     http.Handler // the API, for everybody else: tokens, and who is nobody
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.isSupervisors(r.URL.Path) {
		f.supervisor.ServeHTTP(w, r)
		return
	}
	forgetNames(r.Header)
	if len(r.TLS.PeerCertificates) == 0 {
		f.others.ServeHTTP(w, r)
		return
	}
	if err := f.verify(r.TLS.PeerCertificates); err != nil {
		refuse(w, http.StatusUnauthorized, metaReason{"Unauthorized", "Unauthorized"})
		return
	}
	f.known.ServeHTTP(w, r)
}

// After the headers that `Connection` names are gone: a client that names these would be the front itself to the API.
func sayNames(r *httputil.ProxyRequest) {
	subject := r.In.TLS.PeerCertificates[0].Subject
	r.Out.Header.Set("X-Remote-User", subject.CommonName)
	for _, group := range subject.Organization {
		r.Out.Header.Add("X-Remote-Group", group)
	}
}

func sayNothing(*httputil.ProxyRequest) {}

func (f *front) isSupervisors(path string) bool {
	for _, ours := range f.paths {
		if path == ours || strings.HasSuffix(ours, "/") && strings.HasPrefix(path, ours) {
			return true
		}
	}
	return false
}

func (f *front) verify(chain []*x509.Certificate) error {
	between := x509.NewCertPool()
	for _, certificate := range chain[1:] {
		between.AddCert(certificate)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: f.clients, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return err
}

// Nobody may say by a header who they are.
func forgetNames(header http.Header) {
	for name := range header {
		if strings.HasPrefix(strings.ToLower(name), "x-remote-") {
			delete(header, name)
		}
	}
}

type metaReason struct{ reason, message string }

func refuse(w http.ResponseWriter, code int, why metaReason) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"kind": "Status", "apiVersion": "v1", "metadata": map[string]any{}, "status": "Failure", "code": code,
		"reason": why.reason, "message": why.message,
	})
}

// Upgrades (exec, port-forward) are HTTP/1.1's, so that is what is spoken to both.
func proxy(target *url.URL, transport *http.Transport, missing string, say func(*httputil.ProxyRequest)) http.Handler {
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetHTTP1(true)
	transport.MaxIdleConnsPerHost = 100
	transport.IdleConnTimeout = 30 * time.Second // kube-apiserver closes after 90 s (pkg/server/secure_serving.go)
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
			say(r)
		},
		Transport:     transport,
		FlushInterval: -1, // watches
		ErrorLog:      log.New(io.Discard, "", 0),
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if !errors.Is(err, context.Canceled) {
				refuse(w, http.StatusServiceUnavailable, metaReason{"ServiceUnavailable", missing})
			}
		},
	}
}

func socket(name string) *http.Transport {
	return &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", name)
	}}
}

func pool(file string) *x509.CertPool {
	content, err := os.ReadFile(file)
	found := x509.NewCertPool()
	if err != nil || !found.AppendCertsFromPEM(content) {
		log.Fatalf("no certificate of an authority in %s: %v", file, err)
	}
	return found
}

func pair(stem string) tls.Certificate {
	found, err := tls.LoadX509KeyPair(stem+".crt", stem+".key")
	if err != nil {
		log.Fatal(err)
	}
	return found
}

func main() {
	listen := flag.String("listen", "", "address and port")
	serving := flag.String("serving", "", "what is shown to clients: a path without .crt and .key")
	clients := flag.String("clients", "", "file of the authority of clients' certificates")
	api := flag.String("api", "", "URL of the API")
	authority := flag.String("authority", "", "file of the authority of the API's certificate")
	as := flag.String("as", "", "what is shown to the API beside names: a path without .crt and .key")
	supervisor := flag.String("supervisor", "", "socket of the supervisor; its paths are the arguments")
	flag.Parse()

	target, err := url.Parse(*api)
	if err != nil {
		log.Fatal(err)
	}
	trusted := pool(*authority)
	shown := &tls.Config{RootCAs: trusted, Certificates: []tls.Certificate{pair(*as)}}
	const missing = "apiserver not ready" // k3s, pkg/util: ErrAPINotReady
	handler := &front{
		paths:      flag.Args(),
		clients:    pool(*clients),
		supervisor: proxy(&url.URL{Scheme: "http", Host: "supervisor"}, socket(*supervisor), "runtime core not ready", sayNothing),
		known:      proxy(target, &http.Transport{TLSClientConfig: shown}, missing, sayNames),
		others:     proxy(target, &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}, missing, sayNothing),
	}
	server := http.Server{
		Addr:      *listen,
		Handler:   handler,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair(*serving)}, ClientAuth: tls.RequestClientCert},
		ErrorLog:  log.New(io.Discard, "", 0),
	}
	log.Fatal(server.ListenAndServeTLS("", ""))
}
