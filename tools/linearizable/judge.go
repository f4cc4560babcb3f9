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

func judge(history []Operation) Verdict {
	verdict := Verdict{GapMs: gap(history)}
	operations := make([]porcupine.Operation, 0, len(history))
	for _, each := range history {
		end := each.End
		switch {
		case end == 0:
			verdict.Unknown++
			end = math.MaxInt64 // it may still be done, or never
		case each.Write:
			verdict.Writes++
		default:
			verdict.Reads++
		}
		operations = append(operations, porcupine.Operation{ClientId: each.Client, Input: each, Call: each.Begin, Return: end})
	}
	names := map[porcupine.CheckResult]string{porcupine.Ok: "yes", porcupine.Illegal: "no", porcupine.Unknown: "unknown"}
	verdict.Linearizable = names[porcupine.CheckOperationsTimeout(register, operations, patience)]
	return verdict
}

func gap(history []Operation) int64 {
	var ends []int64
	for _, each := range history {
		if each.End != 0 {
			ends = append(ends, each.End)
		}
	}
	sort.Slice(ends, func(i, j int) bool { return ends[i] < ends[j] })
	var longest, before int64
	for _, end := range ends {
		longest, before = max(longest, end-before), end
	}
	return longest / int64(time.Millisecond)
}
