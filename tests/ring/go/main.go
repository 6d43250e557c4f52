// SPDX-License-Identifier: GPL-2.0

// Oracle answers traces of profBuf operations with the profBuf of Go's runtime.
// The head of ../replay.c tells what traces and answers look like.
//
//	oracle <trace          answer the traces on standard input
//	oracle throw CODE      commit that misuse and let Go end the process
//	oracle race FAULT ATTEMPTS [ENOUGH]
//	                       provoke a fault of the original with two threads
package main

import (
	"errors"
	"os"
	"strconv"
)

const usage = `usage: oracle <trace
       oracle throw too-large|misuse|closed|double-wakeup
       oracle race d1|d2|d3 ATTEMPTS [ENOUGH]
`

var errUsage = errors.New("usage")

func run(args []string) error {
	switch {
	case len(args) == 0:
		return replay(os.Stdin, os.Stdout)
	case len(args) == 2 && args[0] == "throw":
		return throw(args[1])
	case (len(args) == 3 || len(args) == 4) && args[0] == "race":
		attempts, err := strconv.Atoi(args[2])
		enough := attempts
		if err == nil && len(args) == 4 {
			enough, err = strconv.Atoi(args[3])
		}
		if err != nil || attempts < 1 || enough < 1 {
			return errUsage
		}
		return race(args[1], attempts, enough)
	}
	return errUsage
}

func main() {
	switch err := run(os.Args[1:]); err {
	case nil:
	case errUsage:
		os.Stderr.WriteString(usage)
		os.Exit(2)
	default:
		os.Stderr.WriteString("oracle: " + err.Error() + "\n")
		os.Exit(1)
	}
}
