// Verifies a receipt of QRNG-DD with the libraries of other hands: Go's own notes and logs, and torchwood.
//
//	receipt FILE LOGKEY COLLECTORKEY [URL CAFILE]
//
// With a URL it also reads the entry from the log's tiles there, and compares. It prints the entry.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type piece struct {
	Collector string      `json:"collector"`
	Boot      json.Number `json:"boot"`
	Sequence  json.Number `json:"sequence"`
	Packet    []byte      `json:"packet"`
}

type packetProof struct {
	From      json.Number `json:"from"`
	To        json.Number `json:"to"`
	Signature string      `json:"signature"`
	Path      [][]byte    `json:"path"`
}

func main() {
	log.SetFlags(0)
	args := os.Args[1:]
	if len(args) != 3 && len(args) != 5 {
		log.Fatal("usage: receipt FILE LOGKEY COLLECTORKEY [URL CAFILE]")
	}
	file := must(os.ReadFile(args[0]))
	head, checkpoint, found := strings.Cut(string(file), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" {
		log.Fatal("not a tlog-proof")
	}
	var extra struct {
		Entry   string        `json:"entry"`
		Lineage []packetProof `json:"lineage"`
	}
	check(json.Unmarshal(must(base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))), &extra))
	index := must(strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64))
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		proof = append(proof, must(tlog.ParseHash(line)))
	}

	tree := open(checkpoint, args[1])
	check(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash([]byte(extra.Entry))))
	var entry struct {
		Lineage []piece `json:"lineage"`
	}
	check(json.Unmarshal([]byte(extra.Entry), &entry))
	checkLineage(entry.Lineage, extra.Lineage, args[2])
	if len(args) == 5 {
		compare(args[3], args[4], args[1], index, extra.Entry)
	}
	fmt.Println(extra.Entry)
}

// open checks the signature of a checkpoint.
func open(checkpoint, key string) torchwood.Checkpoint {
	verifier := must(note.NewVerifier(key))
	opened := must(note.Open([]byte(checkpoint), note.VerifierList(verifier)))
	parsed := must(torchwood.ParseCheckpoint(opened.Text))
	if parsed.Origin != verifier.Name() {
		log.Fatal("the checkpoint is of another log")
	}
	return parsed
}

// checkLineage checks that the collector has signed for every packet.
func checkLineage(pieces []piece, proofs []packetProof, key string) {
	seen := map[string]bool{}
	for _, p := range pieces {
		name := fmt.Sprint(p.Collector, p.Boot, p.Sequence)
		if seen[name] {
			continue
		}
		if len(seen) == len(proofs) {
			log.Fatal("a packet has no proof")
		}
		proof := proofs[len(seen)]
		seen[name] = true
		sequence, from, to := number(p.Sequence), number(proof.From), number(proof.To)
		var leaf bytes.Buffer
		check(binary.Write(&leaf, binary.BigEndian, sequence))
		leaf.Write(p.Packet)
		root := climb(tlog.RecordHash(leaf.Bytes()), sequence-from, to-from, proof.Path)
		text := fmt.Sprintf("qrng-dd lineage v1\n%s %s\n%d %d\n%s\n", p.Collector, p.Boot, from, to, root)
		signed := fmt.Sprintf("%s\n— %s %s\n", text, p.Collector, proof.Signature)
		must(note.Open([]byte(signed), note.VerifierList(must(note.NewVerifier(key)))))
	}
}

// climb goes from a leaf to the root of a tree whose last leaf is `last` (RFC 9162, section 2.1.3.2).
func climb(hash tlog.Hash, at, last uint64, path [][]byte) tlog.Hash {
	for _, sibling := range path {
		var other tlog.Hash
		copy(other[:], sibling)
		if at%2 == 1 || at == last {
			hash = tlog.NodeHash(other, hash)
			for at%2 == 0 && at != 0 {
				at, last = at/2, last/2
			}
		} else {
			hash = tlog.NodeHash(hash, other)
		}
		at, last = at/2, last/2
	}
	return hash
}

// compare reads the entry from the tiles of the log, and checks it against the log's own checkpoint.
func compare(url, caFile, key string, index int64, entry string) {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(must(os.ReadFile(caFile)))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	fetcher := must(torchwood.NewTileFetcher(url, torchwood.WithHTTPClient(client)))
	ctx := context.Background()
	checkpoint := open(string(must(fetcher.ReadEndpoint(ctx, "checkpoint"))), key)
	reader := must(torchwood.NewClient(fetcher))
	found, _, err := reader.Entry(ctx, checkpoint.Tree, index)
	check(err)
	if sha256.Sum256(found) != sha256.Sum256([]byte(entry)) {
		log.Fatal("the log has another entry")
	}
}

func number(text json.Number) uint64 {
	return must(strconv.ParseUint(text.String(), 10, 64))
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
