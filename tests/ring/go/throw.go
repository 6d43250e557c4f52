// SPDX-License-Identifier: GPL-2.0

package main

import (
	"errors"
	"runtime"
	"strings"
)

// catching tells that throws do not end the process, but come out of caught.
var catching bool

func catchThrows() {
	catching = true
	runtime.CatchThrows()
}

// caught runs f and returns the code of the throw that ended it, if one did.
func caught(f func()) (thrown string) {
	defer func() {
		switch reason := recover().(type) {
		case nil:
		case runtime.Throw:
			thrown = code(string(reason))
		case runtime.Error:
			thrown = code(reason.Error())
		default:
			panic(reason)
		}
	}()
	f()
	return ""
}

// code is the name that answers have for a throw.
func code(message string) string {
	switch message {
	case "newProfBuf: buffer too large":
		return "too-large"
	case "misuse of profBuf.write":
		return "misuse"
	case "runtime: profBuf already closed":
		return "closed"
	case "notewakeup - double wakeup":
		return "double-wakeup"
	case "runtime: malformed profBuf buffer - tag and data out of sync":
		return "out-of-sync"
	case "runtime: malformed profBuf buffer - invalid size":
		return "bad-size"
	}
	return "other " + strings.ReplaceAll(message, "\n", " ")
}

// throw commits a misuse without catching the throw: Go ends the process.
func throw(code string) error {
	switch code {
	case "too-large":
		runtime.NewProfBuf(1, 1<<28, 1)
	case "misuse":
		runtime.NewProfBuf(1, 8, 2).Write(nil, 1, []uint64{1, 2}, nil)
	case "closed":
		buf := runtime.NewProfBuf(1, 8, 2)
		buf.Close()
		buf.Close()
	case "double-wakeup":
		doubleWakeup(newReader())
	default:
		return errUsage
	}
	return errors.New("Go did not throw")
}
