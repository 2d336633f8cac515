// Command ai-gateway-stub stands in for the AI Gateway controller, whose Go module cannot be had from the module proxy.
// It answers Envoy Gateway's extension hooks with what it was given, and admits every pod as it is.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net"
	"net/http"

	"github.com/envoyproxy/gateway/proto/extension"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

func main() {
	go serveWebhook()
	listener, err := net.Listen("tcp", ":1063")
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(64 << 20))
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	extension.RegisterEnvoyGatewayExtensionServer(server, hooks{})
	log.Fatal(server.Serve(listener))
}

type hooks struct {
	extension.UnimplementedEnvoyGatewayExtensionServer
}

func (hooks) PostRouteModify(
	_ context.Context, r *extension.PostRouteModifyRequest,
) (*extension.PostRouteModifyResponse, error) {
	return &extension.PostRouteModifyResponse{Route: r.Route}, nil
}

func (hooks) PostClusterModify(
	_ context.Context, r *extension.PostClusterModifyRequest,
) (*extension.PostClusterModifyResponse, error) {
	return &extension.PostClusterModifyResponse{Cluster: r.Cluster}, nil
}

func (hooks) PostTranslateModify(
	_ context.Context, r *extension.PostTranslateModifyRequest,
) (*extension.PostTranslateModifyResponse, error) {
	return &extension.PostTranslateModifyResponse{
		Clusters: r.Clusters, Secrets: r.Secrets, Listeners: r.Listeners, Routes: r.Routes,
	}, nil
}

// serveWebhook is called for each new proxy pod. The real one adds a sidecar; here the pod stays as it is.
func serveWebhook() {
	http.HandleFunc("POST /mutate", func(w http.ResponseWriter, r *http.Request) {
		var review struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
			Request    struct {
				UID string `json:"uid"`
			} `json:"request"`
		}
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		log.Printf("admits %s", review.Request.UID)
		w.Header().Set("content-type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"apiVersion": review.APIVersion,
			"kind":       review.Kind,
			"response":   map[string]any{"uid": review.Request.UID, "allowed": true},
		})
	})
	log.Fatal(http.ListenAndServeTLS(":9443", "/certs/tls.crt", "/certs/tls.key", nil))
}
