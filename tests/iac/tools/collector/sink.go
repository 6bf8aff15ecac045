package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"

	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
)

// sink stands where the trace store does: it takes OTLP over gRPC at the given address and writes what arrives to
// standard output, one JSON document a line.
func sink(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	ptraceotlp.RegisterGRPCServer(server, &store{})
	return server.Serve(listener)
}

type store struct {
	ptraceotlp.UnimplementedGRPCServer
	mutex sync.Mutex
}

func (s *store) Export(_ context.Context, request ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	text, err := (&ptrace.JSONMarshaler{}).MarshalTraces(request.Traces())
	if err != nil {
		return ptraceotlp.NewExportResponse(), err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	_, err = fmt.Fprintf(os.Stdout, "%s\n", text)
	return ptraceotlp.NewExportResponse(), err
}
