// What one datagram costs memberlist: `-bytes` on the wire, `-compressed` or not. One line of JSON, with the fields of `sample.ts`.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/hashicorp/memberlist"
)

type sample struct {
	DatagramBytes int     `json:"datagramBytes"`
	Messages      int     `json:"messages"`
	SendMicros    float64 `json:"sendMicros"`
	ReceiveMicros float64 `json:"receiveMicros"`
	WallMicros    float64 `json:"wallMicros"`
}

const batch = 500

func main() {
	bytes := flag.Int("bytes", 300, "of a datagram that isn't compressed")
	compressed := flag.Bool("compressed", false, "as memberlist's defaults have it")
	ms := flag.Int("ms", 1000, "how long to measure")
	flag.Parse()
	// A figure by the core: all of the garbage collector's work falls on the one thread that is counted.
	runtime.GOMAXPROCS(1)
	bench, err := memberlist.NewSealBench(*bytes, *compressed)
	if err != nil {
		log.Fatal(err)
	}
	datagrams := make([][]byte, batch)
	var sending, receiving time.Duration
	var seq uint32
	count := 0
	started := time.Now()
	// The first fifth warms up.
	warm := time.Duration(*ms) * time.Millisecond / 5
	for measured := false; ; {
		if !measured && time.Since(started) >= warm {
			measured, sending, receiving, count, started = true, 0, 0, 0, time.Now()
		} else if measured && time.Since(started) >= 4*warm {
			break
		}
		from := cpu()
		for i := range datagrams {
			seq++
			datagrams[i] = bench.Send(seq)
		}
		between := cpu()
		for _, datagram := range datagrams {
			if bench.Receive(datagram) != 1+bench.Broadcasts() {
				log.Fatal("a message is missing")
			}
		}
		to := cpu()
		sending += between - from
		receiving += to - between
		count += batch
	}
	micros := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 / float64(count) }
	check(json.NewEncoder(os.Stdout).Encode(sample{
		DatagramBytes: len(datagrams[0]),
		Messages:      1 + bench.Broadcasts(),
		SendMicros:    micros(sending),
		ReceiveMicros: micros(receiving),
		WallMicros:    micros(time.Since(started)),
	}))
}

// cpu is the processor time of the whole process, garbage collection included.
func cpu() time.Duration {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
