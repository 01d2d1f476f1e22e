// Compiled into memberlist's own package by an overlay, because what is measured here isn't exported. It calls memberlist's
// functions in the order of sendMsg and rawSendMsgPacket on one side, and of ingestPacket and handleCommand on the other, and
// leaves out what isn't codec: sockets, queues, logs, metrics.
package memberlist

import (
	"bytes"
	"fmt"
)

// SealBench makes and takes apart one kind of datagram.
type SealBench struct {
	keys       [][]byte
	broadcasts [][]byte
	compressed bool
}

// NewSealBench prepares datagrams of a ping and alive messages, of exactly plainBytes on the wire where they aren't compressed.
func NewSealBench(plainBytes int, compressed bool) (*SealBench, error) {
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(i)
	}
	b := &SealBench{keys: [][]byte{key}}
	for i := 1; ; i++ {
		more, err := aliveOf(i, 24)
		if err != nil {
			return nil, err
		}
		b.broadcasts = append(b.broadcasts, more)
		if len(b.Send(1)) > plainBytes {
			break
		}
	}
	last := len(b.broadcasts) - 1
	if last == 0 {
		return nil, fmt.Errorf("no alive message fits into %d bytes", plainBytes)
	}
	// The last one that fits gets as much meta data as fills the datagram up.
	b.broadcasts = b.broadcasts[:last]
	for meta := 24; len(b.Send(1)) < plainBytes; meta++ {
		fill, err := aliveOf(last, meta)
		if err != nil {
			return nil, err
		}
		b.broadcasts[last-1] = fill
	}
	b.compressed = compressed
	return b, nil
}

// aliveOf is encoded once and told many times: memberlist keeps the bytes in its queue, as gridvine keeps those of records.
func aliveOf(i int, metaBytes int) ([]byte, error) {
	meta := make([]byte, metaBytes)
	for at := range meta {
		meta[at] = "region=north,role=inverter,firmware=4.2;"[at%40]
	}
	buf, err := encode(aliveMsg, &alive{
		Incarnation: uint32(i),
		Node:        fmt.Sprintf("board-%02d", i),
		Addr:        []byte{10, 0, 0, byte(i)},
		Port:        7946,
		Meta:        meta,
		Vsn:         []uint8{1, 5, 2, 2, 5, 4},
	})
	if err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// Broadcasts tells how many alive messages a datagram holds.
func (b *SealBench) Broadcasts() int { return len(b.broadcasts) }

// Send encodes, joins, compresses where asked, and encrypts one datagram.
func (b *SealBench) Send(seq uint32) []byte {
	head, err := encode(pingMsg, &ping{SeqNo: seq, Node: "board-01"})
	check(err)
	msgs := make([][]byte, 0, 1+len(b.broadcasts))
	msgs = append(msgs, head.Bytes())
	msgs = append(msgs, b.broadcasts...)
	msg := makeCompoundMessage(msgs).Bytes()
	if b.compressed {
		buf, err := compressPayload(msg)
		check(err)
		if buf.Len() < len(msg) {
			msg = buf.Bytes()
		}
	}
	return sealed(b.keys[0], msg)
}

// Receive decrypts, decompresses, splits and decodes; it returns how many messages it found.
func (b *SealBench) Receive(datagram []byte) int {
	plain, err := decryptPayload(b.keys, datagram, nil)
	check(err)
	return b.command(plain)
}

func (b *SealBench) command(buf []byte) int {
	switch kind := messageType(buf[0]); kind {
	case compressMsg:
		payload, err := decompressPayload(buf[1:])
		check(err)
		return b.command(payload)
	case compoundMsg:
		_, parts, err := decodeCompoundMessage(buf[1:])
		check(err)
		found := 0
		for _, part := range parts {
			found += b.command(part)
		}
		return found
	case pingMsg:
		var p ping
		check(decode(buf[1:], &p))
		return 1
	case aliveMsg:
		var a alive
		check(decode(buf[1:], &a))
		return 1
	default:
		panic(fmt.Sprintf("unexpected message type %d", kind))
	}
}

func sealed(key []byte, msg []byte) []byte {
	var buf bytes.Buffer
	check(encryptPayload(maxEncryptionVersion, key, msg, nil, &buf))
	return buf.Bytes()
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
