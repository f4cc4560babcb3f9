package main

import (
	"math"
	"sort"
	"time"

	"github.com/anishathalye/porcupine"
)

const patience = 2 * time.Minute

// A ConfigMap's value is a register: a read gives what was written last.
var register = porcupine.Model{
	Partition: byKey,
	Init:      func() any { return "" },
	Step: func(state, input, output any) (bool, any) {
		operation := input.(Operation)
		if operation.Write {
			return true, operation.Value
		}
		return operation.Value == state.(string), state
	},
}

func byKey(history []porcupine.Operation) [][]porcupine.Operation {
	keys := map[string][]porcupine.Operation{}
	for _, each := range history {
		key := each.Input.(Operation).Key
		keys[key] = append(keys[key], each)
	}
	var parts [][]porcupine.Operation
	for _, part := range keys {
		parts = append(parts, part)
	}
	return parts
}

// The run ended at `end`; 0: with its last operation.
func judge(history []Operation, end time.Duration) Verdict {
	verdict := Verdict{GapMs: gap(history, int64(end))}
	operations := make([]porcupine.Operation, 0, len(history))
	for _, each := range history {
		returned := each.End
		switch {
		case returned == 0:
			verdict.Unknown++
			returned = math.MaxInt64 // it may still be done, or never
		case each.Write:
			verdict.Writes++
		default:
			verdict.Reads++
		}
		operations = append(operations, porcupine.Operation{ClientId: each.Client, Input: each, Call: each.Begin, Return: returned})
	}
	names := map[porcupine.CheckResult]string{porcupine.Ok: "yes", porcupine.Illegal: "no", porcupine.Unknown: "unknown"}
	verdict.Linearizable = names[porcupine.CheckOperationsTimeout(register, operations, patience)]
	return verdict
}

func gap(history []Operation, end int64) int64 {
	ends := []int64{end}
	for _, each := range history {
		if each.End != 0 {
			ends = append(ends, each.End)
		}
	}
	sort.Slice(ends, func(i, j int) bool { return ends[i] < ends[j] })
	var longest, before int64
	for _, each := range ends {
		longest, before = max(longest, each-before), each
	}
	return longest / int64(time.Millisecond)
}
