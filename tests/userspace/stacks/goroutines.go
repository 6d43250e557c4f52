// SPDX-License-Identifier: GPL-2.0

// Goroutines that compute, wait for each other and make garbage.
package main

import (
	"crypto/sha256"
	"os"
	"strconv"
	"time"
)

//go:noinline
func hash(data []byte, rounds int) []byte {
	for i := 0; i < rounds; i++ {
		sum := sha256.Sum256(data)
		data = append(make([]byte, 0, 4096), sum[:]...)
	}
	return data
}

func worker(in <-chan []byte, out chan<- []byte) {
	for data := range in {
		out <- hash(data, 20)
	}
}

func main() {
	seconds, err := strconv.ParseFloat(os.Args[1], 64)
	if err != nil {
		panic(err)
	}
	in, out := make(chan []byte), make(chan []byte)
	for i := 0; i < 4; i++ {
		go worker(in, out)
		in <- []byte{byte(i)}
	}
	for end := time.Now().Add(time.Duration(seconds * float64(time.Second))); time.Now().Before(end); {
		in <- <-out
	}
}
