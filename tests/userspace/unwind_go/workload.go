// SPDX-License-Identifier: GPL-2.0

// All that makes stacks of Go look different, until it is killed.
package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/signal"
	"reflect"
	"runtime"
	"sort"
	"strings"
	"syscall"
	"time"
)

var sink interface{}

// Frames of a kilobyte: the stack has to grow.
//
//go:noinline
func deep(n int) byte {
	var large [1024]byte

	large[n%len(large)] = byte(n)
	if n == 0 {
		return large[0]
	}
	return deep(n-1) + large[(n+1)%len(large)]
}

//go:noinline
func leaf(a, b int) int { return a*7 ^ b }

//go:noinline
func spin(n int) (sum int) {
	for i := 0; i < n; i++ {
		sum += leaf(i, sum)
	}
	return sum
}

func recovers(n int) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("recovered: %v", r)
		}
	}()
	if n == 0 {
		var missing *int
		*missing = n // a signal, and from its handler a panic
	}
	values := make([]int, n)
	return fmt.Errorf("%d", values[n])
}

type words []string

func (w words) Len() int           { return len(w) }
func (w words) Less(i, j int) bool { return strings.Compare(w[i], w[j]) < 0 }
func (w words) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }

func sorts(n int) {
	w := make(words, n)
	for i := range w {
		w[i] = fmt.Sprint(i * 7919 % n)
	}
	sort.Sort(w)
	sink = w
}

func worker(in <-chan int, out chan<- int) {
	for n := range in {
		switch n % 8 {
		case 0:
			deep(n % 200)
		case 1:
			sink = recovers(n % 10)
		case 2:
			sorts(100)
		case 3:
			sink = sha256.Sum256(make([]byte, 4096))
		case 4:
			sink = reflect.ValueOf(leaf).Call([]reflect.Value{reflect.ValueOf(n), reflect.ValueOf(1)})
		case 5:
			m := map[string]int{}
			for i := 0; i < 200; i++ {
				m[fmt.Sprint(i)] = i
			}
			sink = m
		case 6:
			for i := 0; i < 100; i++ {
				sink = time.Now()
			}
		case 7:
			if n%128 == 7 {
				spin(20000000) // until it is preempted: by a signal
			}
			cgo(n)
		}
		out <- n + 1
	}
}

func main() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	in, out := make(chan int), make(chan int)
	for i := 0; i < 8; i++ {
		go worker(in, out)
		in <- i
	}
	for i := 0; ; i++ {
		in <- <-out
		if i%100 == 0 {
			syscall.Kill(os.Getpid(), syscall.SIGUSR1)
			<-signals
			done := make(chan bool)
			go func() { deep(50); done <- true }()
			<-done
		}
		if i%1000 == 0 {
			runtime.GC()
		}
	}
}
