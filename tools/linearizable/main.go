// Whether what clients wrote to and read from ConfigMaps through one address could have come from one copy, whatever failed meanwhile:
// histories are judged by porcupine (linearizability, Herlihy and Wing).
//
//	linearizable --server URL --ca FILE --cert FILE --key FILE --seconds N     writes and reads, then judges
//	linearizable --history FILE                                               judges what was recorded
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"
)

// Operation is one request. Times are nanoseconds since the beginning; End is 0 where nobody knows whether it was done.
type Operation struct {
	Client int    `json:"client"`
	Key    string `json:"key"`
	Write  bool   `json:"write"`
	Value  string `json:"value"`
	Begin  int64  `json:"begin"`
	End    int64  `json:"end"`
}

// Verdict is what is printed.
type Verdict struct {
	Linearizable string `json:"linearizable"` // yes, no, unknown: judging took too long
	Reads        int    `json:"reads"`
	Writes       int    `json:"writes"`
	Unknown      int    `json:"unknown"` // writes of which nobody knows whether they were done
	GapMs        int64  `json:"gap_ms"`  // the longest time in which no request ended well
}

func main() {
	var load Load
	flag.StringVar(&load.Server, "server", "", "the API's URL")
	flag.StringVar(&load.Authority, "ca", "", "its authority's certificate")
	flag.StringVar(&load.Certificate, "cert", "", "the client's certificate")
	flag.StringVar(&load.Key, "key", "", "the client's key")
	flag.StringVar(&load.Namespace, "namespace", "default", "where the ConfigMaps are")
	seconds := flag.Int("seconds", 30, "how long")
	recorded := flag.String("history", "", "judge this file, and ask nobody")
	flag.Parse()
	history, length, err := obtain(load, time.Duration(*seconds)*time.Second, *recorded)
	if err != nil {
		fmt.Fprintln(os.Stderr, "linearizable:", err)
		os.Exit(1)
	}
	verdict := judge(history, length)
	_ = json.NewEncoder(os.Stdout).Encode(verdict)
	if verdict.Linearizable != "yes" {
		os.Exit(2)
	}
}

func obtain(load Load, length time.Duration, recorded string) ([]Operation, time.Duration, error) {
	if recorded == "" {
		history, err := load.run(length)
		return history, length, err
	}
	content, err := os.ReadFile(recorded)
	if err != nil {
		return nil, 0, err
	}
	var history []Operation
	return history, 0, json.Unmarshal(content, &history)
}
