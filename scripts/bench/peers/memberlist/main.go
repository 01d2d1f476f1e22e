// One round of measurements of HashiCorp's memberlist: n members in this process, on loopback, with LAN defaults and
// AES-256-GCM. The result is one line of JSON on standard output, with the fields of `round.ts`.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/memberlist"
)

// What all members of the process sent, in payload bytes: of datagrams, and of TCP streams (push-pull, fallback probes).
var datagrams, datagramBytes, streamBytes int64

// countingTransport is memberlist's own transport with counters; it changes nothing of what is sent. Of a transport that
// knows these, memberlist uses neither WriteTo nor DialTimeout.
type countingTransport struct {
	*memberlist.NetTransport
	streams chan net.Conn
}

func newTransport(logger *log.Logger) *countingTransport {
	inner, err := memberlist.NewNetTransport(&memberlist.NetTransportConfig{BindAddrs: []string{"127.0.0.1"}, Logger: logger})
	if err != nil {
		log.Fatal("sockets: ", err)
	}
	t := &countingTransport{inner, make(chan net.Conn, 64)}
	go func() {
		for conn := range inner.StreamCh() {
			t.streams <- &countingConn{conn}
		}
	}()
	return t
}

func (t *countingTransport) WriteToAddress(b []byte, addr memberlist.Address) (time.Time, error) {
	atomic.AddInt64(&datagrams, 1)
	atomic.AddInt64(&datagramBytes, int64(len(b)))
	return t.NetTransport.WriteToAddress(b, addr)
}

func (t *countingTransport) DialAddressTimeout(addr memberlist.Address, limit time.Duration) (net.Conn, error) {
	conn, err := t.NetTransport.DialAddressTimeout(addr, limit)
	if err == nil {
		conn = &countingConn{conn}
	}
	return conn, err
}

func (t *countingTransport) StreamCh() <-chan net.Conn { return t.streams }

type countingConn struct{ net.Conn }

func (c *countingConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	atomic.AddInt64(&streamBytes, int64(n))
	return n, err
}

// member is one node and what it was told. It passes user messages on at first sight, as serf does: memberlist
// itself gives them to one hop only.
type member struct {
	list  *memberlist.Memberlist
	queue *memberlist.TransmitLimitedQueue
	mu    sync.Mutex
	seen  map[string]bool
	dead  map[string]time.Time
	had   map[int]bool
	downs int
}

type message []byte

func (b message) Invalidates(memberlist.Broadcast) bool { return false }
func (b message) Message() []byte                       { return b }
func (b message) Finished()                             {}

func (m *member) NodeMeta(int) []byte                    { return nil }
func (m *member) LocalState(bool) []byte                 { return nil }
func (m *member) MergeRemoteState([]byte, bool)          {}
func (m *member) NotifyUpdate(*memberlist.Node)          {}
func (m *member) GetBroadcasts(over, limit int) [][]byte { return m.queue.GetBroadcasts(over, limit) }

func (m *member) NotifyMsg(buf []byte) {
	if number, err := strconv.Atoi(strings.SplitN(string(buf), ":", 2)[0]); err == nil && m.first(number) {
		m.queue.QueueBroadcast(message(append([]byte(nil), buf...)))
	}
}

func (m *member) first(number int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.had[number]
	m.had[number] = true
	return !known
}

func (m *member) NotifyJoin(node *memberlist.Node) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen[node.Name] = true
	delete(m.dead, node.Name)
}

func (m *member) NotifyLeave(node *memberlist.Node) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.seen, node.Name)
	m.dead[node.Name] = time.Now()
	m.downs++
}

func start(i, nodes int, logger *log.Logger) *member {
	transport := newTransport(logger)
	m := &member{seen: map[string]bool{}, dead: map[string]time.Time{}, had: map[int]bool{}}
	config := memberlist.DefaultLANConfig()
	m.queue = &memberlist.TransmitLimitedQueue{RetransmitMult: config.RetransmitMult, NumNodes: func() int { return nodes }}
	config.Name = fmt.Sprintf("node-%d", i)
	config.Transport, config.Logger, config.Delegate, config.Events = transport, logger, m, m
	config.BindAddr, config.BindPort, config.AdvertisePort = "127.0.0.1", transport.GetAutoBindPort(), transport.GetAutoBindPort()
	config.SecretKey = []byte("a key of 32 bytes for benchmarks")
	var err error
	if m.list, err = memberlist.Create(config); err != nil {
		log.Fatal("create: ", err)
	}
	return m
}

// until asks every millisecond; it answers the milliseconds since `from`, or nil when the limit is over.
func until(from time.Time, limit time.Duration, done func() bool) *float64 {
	for !done() {
		if time.Since(from) > limit {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	ms := time.Since(from).Seconds() * 1000
	return &ms
}

func everyone(members []*member, except *member, test func(m *member) bool) bool {
	for _, m := range members {
		m.mu.Lock()
		ok := m == except || test(m)
		m.mu.Unlock()
		if !ok {
			return false
		}
	}
	return true
}

// totals is what this process has used since its start.
func totals() map[string]float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal("getrusage: ", err)
	}
	return map[string]float64{
		"datagrams":     float64(atomic.LoadInt64(&datagrams)),
		"datagramBytes": float64(atomic.LoadInt64(&datagramBytes)),
		"streamBytes":   float64(atomic.LoadInt64(&streamBytes)),
		"cpuMs":         float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e6,
	}
}

func main() {
	nodes := flag.Int("nodes", 10, "members in this process")
	broadcasts := flag.Int("broadcasts", 10, "messages to spread, one after the other")
	payload := flag.Int("payload", 256, "bytes of a message")
	settle := flag.Float64("settle", 5, "seconds of quiet before the idle window")
	idle := flag.Float64("idle", 10, "seconds of the idle window")
	joinLimit := flag.Float64("join-limit", 30, "seconds")
	broadcastLimit := flag.Float64("broadcast-limit", 10, "seconds")
	crashLimit := flag.Float64("crash-limit", 60, "seconds")
	flag.Parse()
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	rand.Seed(time.Now().UnixNano())
	// The parent's end is this process's end.
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()

	logger, members := log.New(io.Discard, "", 0), make([]*member, *nodes)
	for i := range members {
		members[i] = start(i, *nodes, logger)
	}
	seed := fmt.Sprintf("127.0.0.1:%d", members[0].list.LocalNode().Port)

	began := time.Now()
	for _, m := range members[1:] {
		go m.list.Join([]string{seed})
	}
	joinMs := until(began, seconds(*joinLimit), func() bool {
		return everyone(members, nil, func(m *member) bool { return len(m.seen) == *nodes })
	})

	time.Sleep(seconds(*settle))
	before, window := totals(), time.Now()
	time.Sleep(seconds(*idle))
	idleFigures := totals()
	for name := range idleFigures {
		idleFigures[name] = (idleFigures[name] - before[name]) / time.Since(window).Seconds() / float64(*nodes)
	}

	lastMs := make([]*float64, *broadcasts)
	for i := range lastMs {
		time.Sleep(time.Duration(200+rand.Intn(300)) * time.Millisecond)
		origin, text := members[rand.Intn(*nodes)], strconv.Itoa(i)+":"
		sent := time.Now()
		origin.first(i)
		origin.queue.QueueBroadcast(message(text + strings.Repeat("x", *payload-len(text))))
		lastMs[i] = until(sent, seconds(*broadcastLimit), func() bool {
			return everyone(members, nil, func(m *member) bool { return m.had[i] })
		})
	}

	time.Sleep(2 * time.Second)
	victim := members[1+rand.Intn(*nodes-1)]
	name, crashed := victim.list.LocalNode().Name, time.Now()
	victim.list.Shutdown()
	saysDead := func(m *member) bool { return m.dead[name].After(crashed) }
	crashMs := until(crashed, seconds(*crashLimit), func() bool { return everyone(members, victim, saysDead) })

	falseDowns := 0
	everyone(members, victim, func(m *member) bool {
		falseDowns += m.downs
		if saysDead(m) {
			falseDowns--
		}
		return true
	})
	json.NewEncoder(os.Stdout).Encode(map[string]interface{}{
		"joinMs": joinMs, "idle": idleFigures, "broadcastMs": lastMs, "crashMs": crashMs, "falseDowns": falseDowns,
	})
}
