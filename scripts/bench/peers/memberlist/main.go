// One round of measurements of HashiCorp's memberlist: n members in this process, on loopback, with LAN defaults and
// AES-256-GCM. The result is one line of JSON on standard output, with the fields of `round.ts`.
package main

import (
	"encoding/json"
	"errors"
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

// Names of members that have crashed: verdicts on them are right.
var crashed sync.Map

// countingTransport is memberlist's own transport with counters; it changes nothing of what is sent. Of a transport that
// knows these, memberlist uses neither WriteTo nor DialTimeout. A silent one says nothing any more while its ports stay open.
type countingTransport struct {
	*memberlist.NetTransport
	streams chan net.Conn
	silent  int32
}

func (t *countingTransport) isSilent() bool { return atomic.LoadInt32(&t.silent) != 0 }

func newTransport(logger *log.Logger) *countingTransport {
	inner, err := memberlist.NewNetTransport(&memberlist.NetTransportConfig{BindAddrs: []string{"127.0.0.1"}, Logger: logger})
	if err != nil {
		log.Fatal("sockets: ", err)
	}
	t := &countingTransport{NetTransport: inner, streams: make(chan net.Conn, 64)}
	go func() {
		for conn := range inner.StreamCh() {
			t.streams <- &countingConn{conn, t}
		}
	}()
	return t
}

func (t *countingTransport) WriteToAddress(b []byte, addr memberlist.Address) (time.Time, error) {
	if t.isSilent() {
		return time.Now(), nil
	}
	atomic.AddInt64(&datagrams, 1)
	atomic.AddInt64(&datagramBytes, int64(len(b)))
	return t.NetTransport.WriteToAddress(b, addr)
}

func (t *countingTransport) DialAddressTimeout(addr memberlist.Address, limit time.Duration) (net.Conn, error) {
	if t.isSilent() {
		return nil, errors.New("silent")
	}
	conn, err := t.NetTransport.DialAddressTimeout(addr, limit)
	if err == nil {
		conn = &countingConn{conn, t}
	}
	return conn, err
}

func (t *countingTransport) StreamCh() <-chan net.Conn { return t.streams }

type countingConn struct {
	net.Conn
	transport *countingTransport
}

func (c *countingConn) Write(b []byte) (int, error) {
	if c.transport.isSilent() {
		return len(b), nil
	}
	n, err := c.Conn.Write(b)
	atomic.AddInt64(&streamBytes, int64(n))
	return n, err
}

// member is one node and what it was told. It passes user messages on at first sight, as serf does: memberlist
// itself gives them to one hop only.
type member struct {
	list      *memberlist.Memberlist
	transport *countingTransport
	queue     *memberlist.TransmitLimitedQueue
	mu        sync.Mutex
	seen      map[string]bool
	dead      map[string]time.Time
	had       map[int]bool
	// Verdicts on members that lived.
	falseDowns int
	gone       bool
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
	if _, right := crashed.Load(node.Name); !right && !m.gone {
		m.falseDowns++
	}
}

// start makes a member; it knows nobody yet.
func start(i, nodes int, logger *log.Logger) *member {
	transport := newTransport(logger)
	m := &member{transport: transport, seen: map[string]bool{}, dead: map[string]time.Time{}, had: map[int]bool{}}
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

// everyone asks all that live.
func everyone(members []*member, test func(m *member) bool) bool {
	for _, m := range members {
		m.mu.Lock()
		ok := m.gone || test(m)
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

// machineTicks is what all processors did since the machine's start: the first line of /proc/stat, where idle and iowait are the fourth
// and fifth.
func machineTicks() (busy, all float64) {
	text, _ := os.ReadFile("/proc/stat")
	fields := strings.Fields(strings.SplitN(string(text), "\n", 2)[0])
	for i := 1; i <= 8 && i < len(fields); i++ {
		ticks, _ := strconv.ParseFloat(fields[i], 64)
		all += ticks
		if i != 4 && i != 5 {
			busy += ticks
		}
	}
	return busy, all
}

// residentKb is the second field of /proc/self/statm, in pages.
func residentKb() float64 {
	text, _ := os.ReadFile("/proc/self/statm")
	if fields := strings.Fields(string(text)); len(fields) > 1 {
		pages, _ := strconv.ParseFloat(fields[1], 64)
		return pages * float64(os.Getpagesize()) / 1024
	}
	return 0
}

// load does something and tells what it asked of the machine.
func load(run func()) map[string]interface{} {
	began, before := time.Now(), totals()
	busyBefore, allBefore := machineTicks()
	run()
	after := totals()
	busy, all := machineTicks()
	figures := map[string]interface{}{
		"wallMs": time.Since(began).Seconds() * 1000, "cpuMs": after["cpuMs"] - before["cpuMs"],
		"datagrams":    after["datagrams"] - before["datagrams"],
		"machineShare": nil, "busiestLoop": nil, "loopDelayMs": nil,
	}
	if all > allBefore {
		figures["machineShare"] = (busy - busyBefore) / (all - allBefore)
	}
	return figures
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func main() {
	nodes := flag.Int("nodes", 10, "members in this process")
	updates := flag.Int("updates", 10, "messages to spread, one after the other")
	updatesS := flag.Float64("updates-s", 60, "no message is begun after so many seconds of them")
	payload := flag.Int("payload", 256, "bytes of a message")
	settle := flag.Float64("settle", 5, "seconds of quiet before the idle window")
	idle := flag.Float64("idle", 10, "seconds of the idle window; 0: none")
	crashes := flag.Int("crashes", 1, "crashes of each kind")
	crashPause := flag.Float64("crash-pause", 2, "seconds before each")
	joinOver := flag.Float64("join-over", 0, "seconds over which they join")
	joinLimit := flag.Float64("join-limit", 30, "seconds")
	updateLimit := flag.Float64("update-limit", 10, "seconds")
	crashLimit := flag.Float64("crash-limit", 60, "seconds")
	flag.Parse()
	rand.Seed(time.Now().UnixNano())
	// The parent's end is this process's end.
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()

	emptyKb := residentKb()
	logger, members := log.New(io.Discard, "", 0), make([]*member, *nodes)
	for i := range members {
		members[i] = start(i, *nodes, logger)
	}
	loads := map[string]interface{}{"idle": nil, "update": nil, "closed": nil, "silent": nil}

	var joinMs *float64
	loads["join"] = load(func() { joinMs = join(members, seconds(*joinOver), seconds(*joinLimit)) })
	time.Sleep(seconds(*settle))

	var idleFigures map[string]float64
	if *idle > 0 {
		before, window := totals(), time.Now()
		loads["idle"] = load(func() { time.Sleep(seconds(*idle)) })
		idleFigures = totals()
		for name := range idleFigures {
			idleFigures[name] = (idleFigures[name] - before[name]) / time.Since(window).Seconds() / float64(*nodes)
		}
	}
	memoryKb := (residentKb() - emptyKb) / float64(*nodes)

	updateMs := []*float64{}
	loads["update"] = load(func() {
		for began := time.Now(); len(updateMs) < *updates && time.Since(began) < seconds(*updatesS); {
			updateMs = append(updateMs, update(members, len(updateMs), *payload, seconds(*updateLimit)))
		}
	})

	crashMs := map[string][]*float64{"closed": {}, "silent": {}}
	for _, how := range []string{"closed", "silent"} {
		if *crashes == 0 {
			continue
		}
		loads[how] = load(func() {
			for i := 0; i < *crashes; i++ {
				time.Sleep(seconds(*crashPause))
				crashMs[how] = append(crashMs[how], crash(members, how, seconds(*crashLimit)))
			}
		})
	}

	falseDowns := 0
	everyone(members, func(m *member) bool {
		falseDowns += m.falseDowns
		return true
	})
	json.NewEncoder(os.Stdout).Encode(map[string]interface{}{
		"joinMs": joinMs, "idle": idleFigures, "memoryKb": memoryKb, "updateMs": updateMs, "crashMs": crashMs,
		"falseDowns": falseDowns, "suspicions": nil, "dropped": nil, "load": loads,
	})
}

// join tells all the one seed, evenly over a while; what it takes counts from its end.
func join(members []*member, over, limit time.Duration) *float64 {
	seed := fmt.Sprintf("127.0.0.1:%d", members[0].list.LocalNode().Port)
	for i, m := range members[1:] {
		go func(m *member, wait time.Duration) {
			time.Sleep(wait)
			m.list.Join([]string{seed})
		}(m, over*time.Duration(i+1)/time.Duration(len(members)))
	}
	time.Sleep(over)
	return until(time.Now(), limit, func() bool {
		return everyone(members, func(m *member) bool { return len(m.seen) == len(members) })
	})
}

func update(members []*member, number, bytes int, limit time.Duration) *float64 {
	time.Sleep(time.Duration(200+rand.Intn(300)) * time.Millisecond)
	origin, text := members[rand.Intn(len(members))], strconv.Itoa(number)+":"
	sent := time.Now()
	origin.first(number)
	origin.queue.QueueBroadcast(message(text + strings.Repeat("x", bytes-len(text))))
	return until(sent, limit, func() bool {
		return everyone(members, func(m *member) bool { return m.had[number] })
	})
}

// crash ends one of those that live, and waits until all survivors say so.
func crash(members []*member, how string, limit time.Duration) *float64 {
	victim := members[rand.Intn(len(members))]
	for victim.gone {
		victim = members[rand.Intn(len(members))]
	}
	name := victim.list.LocalNode().Name
	crashed.Store(name, true)
	victim.mu.Lock()
	victim.gone = true
	victim.mu.Unlock()
	began := time.Now()
	if how == "closed" {
		victim.list.Shutdown()
	} else {
		atomic.StoreInt32(&victim.transport.silent, 1)
	}
	ms := until(began, limit, func() bool {
		return everyone(members, func(m *member) bool { return m.dead[name].After(began) })
	})
	if how == "silent" {
		// It would go on suspecting all others, at the cost of the processor that the next is measured on.
		victim.list.Shutdown()
	}
	return ms
}
