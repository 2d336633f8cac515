package main

import (
	"encoding/binary"
	"errors"
	"flag"
	"log"
	"net"
	"strings"
	"sync"
)

const (
	typeA      = 1
	typeAny    = 255
	notFound   = 3
	serverFail = 2
	zone       = ".svc.cluster.local"
)

// serveNames is the cluster's DNS: names of Services, and nothing else, over UDP.
func serveNames(args []string) {
	flags := flag.NewFlagSet("dns", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "JSON `file` that leads to the API server")
	listen := flags.String("listen", "", "`IP:port` to answer on")
	_ = flags.Parse(args)
	names := resolver{api: openAPI(*kubeconfig), known: map[string][]net.IP{}}
	socket, err := net.ListenPacket("udp", *listen)
	check("listen", err)
	log.Printf("answers on %s", *listen)
	for {
		query := make([]byte, 1500)
		n, from, err := socket.ReadFrom(query)
		check("read", err)
		go func() {
			if answer := names.answer(query[:n]); answer != nil {
				_, _ = socket.WriteTo(answer, from)
			}
		}()
	}
}

type resolver struct {
	api   *api
	mutex sync.Mutex
	// known is what is answered while the API server is away.
	known map[string][]net.IP
}

const headerLength = 12

// answer is the reply to a query with one question; nil for what is none.
func (r *resolver) answer(query []byte) []byte {
	name, end := questionName(query)
	if end == 0 {
		return nil
	}
	addresses, code := r.resolve(name)
	if kind := binary.BigEndian.Uint16(query[end:]); kind != typeA && kind != typeAny {
		addresses = nil
	}
	reply := append([]byte{}, query[:end+4]...)
	// A response, authoritative, recursion asked for and available.
	binary.BigEndian.PutUint16(reply[2:], 0x8580|code)
	for i, count := range []int{1, len(addresses), 0, 0} {
		binary.BigEndian.PutUint16(reply[4+2*i:], uint16(count))
	}
	for _, address := range addresses {
		// The name of the question, type A, class IN, for 5 seconds, 4 bytes.
		reply = append(reply, 0xc0, headerLength, 0, typeA, 0, 1, 0, 0, 0, 5, 0, 4)
		reply = append(reply, address.To4()...)
	}
	return reply
}

func questionName(query []byte) (name string, end int) {
	if len(query) < headerLength || binary.BigEndian.Uint16(query[4:]) != 1 {
		return "", 0
	}
	var labels []string
	for at := headerLength; at < len(query); {
		length := int(query[at])
		at++
		if length == 0 {
			if at+4 > len(query) {
				return "", 0
			}
			return strings.ToLower(strings.Join(labels, ".")), at
		}
		if at+length > len(query) {
			return "", 0
		}
		labels = append(labels, string(query[at:at+length]))
		at += length
	}
	return "", 0
}

func (r *resolver) resolve(name string) ([]net.IP, uint16) {
	path, ok := strings.CutSuffix(name, zone)
	if !ok {
		return nil, notFound
	}
	addresses, err := r.lookUp(strings.Split(path, "."))
	r.mutex.Lock()
	defer r.mutex.Unlock()
	switch {
	case err == nil:
		r.known[name] = addresses
		return addresses, 0
	case errors.Is(err, errNotFound):
		return nil, notFound
	case r.known[name] != nil:
		return r.known[name], 0
	default:
		log.Print(err)
		return nil, serverFail
	}
}

// lookUp takes service and namespace, or pod, service and namespace.
func (r *resolver) lookUp(labels []string) ([]net.IP, error) {
	host := ""
	if len(labels) == 3 {
		host, labels = labels[0], labels[1:]
	}
	if len(labels) != 2 {
		return nil, errNotFound
	}
	address, err := r.api.clusterIP(labels[1], labels[0])
	if err != nil {
		return nil, err
	}
	if host == "" && address != "None" {
		return []net.IP{net.ParseIP(address)}, nil
	}
	return r.api.endpoints(labels[1], labels[0], host)
}
