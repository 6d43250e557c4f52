// SPDX-License-Identifier: GPL-2.0

package main

import (
	"runtime"
	"syscall"
)

// yield lets other threads have the processor that this one has.
func yield() {
	syscall.RawSyscall(syscall.SYS_SCHED_YIELD, 0, 0, 0)
}

// result is what one read returns.
type result struct {
	data   []uint64
	tags   []uintptr
	eof    bool
	thrown string
}

func read(buf runtime.ProfBuf, block bool) (res result) {
	res.thrown = caught(func() { res.data, res.tags, res.eof = buf.Read(block) })
	return res
}

// reader is a goroutine that does blocking reads.
type reader struct {
	goroutine runtime.Goroutine
	buf       chan runtime.ProfBuf
	done      chan result
}

func newReader() *reader {
	r := &reader{buf: make(chan runtime.ProfBuf), done: make(chan result, 1)}
	started := make(chan runtime.Goroutine)
	go r.run(started)
	r.goroutine = <-started
	return r
}

func (r *reader) run(started chan<- runtime.Goroutine) {
	if catching {
		runtime.CatchThrows()
	}
	started <- runtime.CurrentGoroutine()
	for buf := range r.buf {
		r.done <- read(buf, true)
	}
}

// start begins a blocking read and returns its result, or nil if it sleeps.
func (r *reader) start(buf runtime.ProfBuf) *result {
	r.buf <- buf
	for spins := 0; ; spins++ {
		select {
		case res := <-r.done:
			return &res
		default:
		}
		if !buf.IsNil() && buf.Asleep(r.goroutine) {
			return nil
		}
		runtime.Gosched()
		if spins > 4 {
			yield()
		}
	}
}
