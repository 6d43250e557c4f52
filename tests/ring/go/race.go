// SPDX-License-Identifier: GPL-2.0

package main

import (
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
)

// attempt is one try to provoke a fault. Its write and its read run at the same
// time; read tells whether it saw the fault.
type attempt struct {
	buf   runtime.ProfBuf
	write func(buf runtime.ProfBuf)
	read  func(buf runtime.ProfBuf) bool
}

// racer runs attempts, with a goroutine of its own for their reads. Both spin
// until it is their turn, for to wake up would take longer than the race.
type racer struct {
	current  *attempt
	begun    uint32 // the number of attempts begun,
	reading  uint32 // of those being read,
	finished uint32 // and of those read to the end
	shown    bool
}

// spin is called in every round of a loop that waits for the other thread,
// which may be waiting for this processor.
func spin(round *int) {
	if *round++; *round%256 == 0 {
		yield()
	}
}

func await(count *uint32, n uint32) {
	for round := 0; atomic.LoadUint32(count) != n; {
		spin(&round)
	}
}

func (r *racer) runReader() {
	for n := uint32(1); ; n++ {
		await(&r.begun, n)
		atomic.StoreUint32(&r.reading, n)
		r.shown = r.current.read(r.current.buf)
		atomic.StoreUint32(&r.finished, n)
	}
}

func newRacer() *racer {
	r := new(racer)
	go r.runReader()
	return r
}

func (r *racer) run(a *attempt) (shown bool) {
	n := r.begun + 1
	r.current = a
	atomic.StoreUint32(&r.begun, n)
	await(&r.reading, n)
	a.write(a.buf)
	await(&r.finished, n)
	return r.shown
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
			for records, round := 0, 0; ; spin(&round) {
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
			for records, round := 0, 0; records < 2; spin(&round) {
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
		r := newRacer()
		try = func() bool { return r.run(newAttempt()) }
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
