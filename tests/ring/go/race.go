// SPDX-License-Identifier: GPL-2.0

package main

import (
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
)

// attempt is one try to provoke a fault. Its write and its read run at the same
// time, in one goroutine each; read tells whether it saw the fault.
type attempt struct {
	buf      runtime.ProfBuf
	write    func(buf runtime.ProfBuf)
	read     func(buf runtime.ProfBuf) bool
	reading  uint32
	finished uint32
	shown    bool
}

func await(flag *uint32) {
	for spins := 1; atomic.LoadUint32(flag) == 0; spins++ {
		if spins%4096 == 0 {
			// The other thread may wait for this processor.
			syscall.Syscall(syscall.SYS_SCHED_YIELD, 0, 0, 0)
		}
	}
}

func (a *attempt) runReader() {
	atomic.StoreUint32(&a.reading, 1)
	a.shown = a.read(a.buf)
	atomic.StoreUint32(&a.finished, 1)
}

func (a *attempt) runWriter() {
	await(&a.reading)
	a.write(a.buf)
	await(&a.finished)
}

// endBeforeData: a record is written, then the buffer is closed; the reader
// reaches the end without the record.
func endBeforeData() *attempt {
	return &attempt{
		buf: runtime.NewProfBuf(1, 8, 2),
		write: func(buf runtime.ProfBuf) {
			buf.Write(nil, 1, nil, nil)
			buf.Close()
		},
		read: func(buf runtime.ProfBuf) bool {
			for records := 0; ; {
				data, _, eof := buf.Read(false)
				if eof {
					return records == 0
				}
				if len(data) > 0 {
					records++
				}
			}
		},
	}
}

// overflowBeforeData: a record is written at time 1, then one is discarded at
// time 2; the reader gets the overflow entry first.
func overflowBeforeData() *attempt {
	var tooLong [8]uintptr
	return &attempt{
		buf: runtime.NewProfBuf(1, 8, 2),
		write: func(buf runtime.ProfBuf) {
			buf.Write(nil, 1, nil, nil)
			buf.Write(nil, 2, nil, tooLong[:])
		},
		read: func(buf runtime.ProfBuf) bool {
			var first uint64
			for records := 0; records < 2; {
				data, _, _ := buf.Read(false)
				if len(data) > 0 {
					if records == 0 {
						first = data[1]
					}
					records++
				}
			}
			return first == 2
		},
	}
}

// doubleWakeup discards three records while a reader slept only once.
func doubleWakeup(r *reader) (thrown string) {
	var tooLong [8]uintptr
	buf := runtime.NewProfBuf(1, 8, 1)
	return caught(func() {
		for i := 0; i < 3; i++ {
			if i == 0 {
				r.start(buf)
			}
			buf.Write(nil, 1, nil, tooLong[:])
			if i == 0 {
				<-r.done
			}
		}
	})
}

// race prints in how many of how many attempts the fault was seen. It stops
// early when it was seen enough times.
func race(fault string, attempts, enough int) error {
	var try func() bool
	switch fault {
	case "d1":
		catchThrows()
		r := newReader()
		try = func() bool { return doubleWakeup(r) == "double-wakeup" }
	case "d2", "d3":
		newAttempt := endBeforeData
		if fault == "d3" {
			newAttempt = overflowBeforeData
		}
		readers := make(chan *attempt)
		go func() {
			for a := range readers {
				a.runReader()
			}
		}()
		try = func() bool {
			a := newAttempt()
			readers <- a
			a.runWriter()
			return a.shown
		}
	default:
		return errUsage
	}

	tried, shown := 0, 0
	for ; tried < attempts && shown < enough; tried++ {
		if try() {
			shown++
		}
	}
	os.Stdout.WriteString(fault + ": " + strconv.Itoa(shown) + " of " + strconv.Itoa(tried) + " attempts\n")
	return nil
}
