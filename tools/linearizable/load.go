package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	clients = 4
	bound   = 2 * time.Second // of one request
	pause   = 10 * time.Millisecond
)

var keys = []string{"linearizable-a", "linearizable-b"}

// Load is who asks, and whom.
type Load struct {
	Server, Authority, Certificate, Key, Namespace string
}

type configMap struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   map[string]string `json:"metadata"`
	Data       map[string]string `json:"data"`
}

// errNotSent says that nobody can have done what was asked.
var errNotSent = errors.New("not sent")

func (load Load) run(length time.Duration) ([]Operation, error) {
	web, err := load.web()
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if _, err := load.ask(web, http.MethodPost, "", key, ""); err != nil {
			return nil, fmt.Errorf("%s cannot be made: %w", key, err)
		}
	}
	var wait sync.WaitGroup
	var values atomic.Int64
	parts := make([][]Operation, clients)
	began := time.Now()
	for number := range clients {
		wait.Go(func() {
			for time.Since(began) < length {
				parts[number] = append(parts[number], load.one(web, number, &values, began)...)
				time.Sleep(pause)
			}
		})
	}
	wait.Wait()
	var history []Operation
	for _, part := range parts {
		history = append(history, part...)
	}
	for _, key := range keys {
		_, _ = load.ask(web, http.MethodDelete, key, key, "")
	}
	return history, nil
}

// One request, unless it is known that it was not done.
func (load Load) one(web *http.Client, number int, values *atomic.Int64, began time.Time) []Operation {
	operation := Operation{Client: number, Key: keys[rand.IntN(len(keys))], Write: rand.IntN(2) == 0}
	method := http.MethodGet
	if operation.Write {
		method, operation.Value = http.MethodPut, fmt.Sprint(values.Add(1))
	}
	operation.Begin = int64(time.Since(began))
	read, err := load.ask(web, method, operation.Key, operation.Key, operation.Value)
	if err == nil {
		operation.End = int64(time.Since(began))
	}
	if !operation.Write {
		operation.Value = read
	}
	if err != nil && (!operation.Write || errors.Is(err, errNotSent)) {
		return nil
	}
	return []Operation{operation}
}

func (load Load) web() (*http.Client, error) {
	authority, err := os.ReadFile(load.Authority)
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(load.Certificate, load.Key)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	settings := &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}
	return &http.Client{Timeout: bound, Transport: &http.Transport{TLSClientConfig: settings, MaxIdleConnsPerHost: clients}}, nil
}

// A request: the value that is there afterwards.
func (load Load) ask(web *http.Client, method, path, key, value string) (string, error) {
	var body io.Reader
	if method == http.MethodPut || method == http.MethodPost {
		content, _ := json.Marshal(configMap{"v1", "ConfigMap", map[string]string{"name": key}, map[string]string{"value": value}})
		body = bytes.NewReader(content)
	}
	url := fmt.Sprintf("%s/api/v1/namespaces/%s/configmaps/%s", load.Server, load.Namespace, path)
	request, err := http.NewRequest(method, url, body)
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := web.Do(request)
	if err != nil {
		var failed *net.OpError
		if errors.As(err, &failed) && failed.Op == "dial" {
			return "", fmt.Errorf("%w: %v", errNotSent, err)
		}
		return "", err
	}
	defer answer.Body.Close()
	return told(answer)
}

func told(answer *http.Response) (string, error) {
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", err
	}
	switch {
	case answer.StatusCode == http.StatusTooManyRequests:
		return "", fmt.Errorf("%w: %s", errNotSent, answer.Status)
	case answer.StatusCode >= http.StatusBadRequest:
		return "", fmt.Errorf("%s: %s", answer.Status, content)
	}
	var read struct {
		Data map[string]string `json:"data"`
	}
	return read.Data["value"], json.Unmarshal(content, &read)
}
