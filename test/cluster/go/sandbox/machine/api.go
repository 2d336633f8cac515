package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

var errNotFound = errors.New("not found")

// api asks the API server as a kubeconfig says. It is JSON, as the test cluster writes it.
type api struct {
	server string
	token  string
	client *http.Client
}

func openAPI(file string) *api {
	content, err := os.ReadFile(file)
	check("kubeconfig", err)
	var config struct {
		Clusters []struct {
			Cluster struct {
				Server    string `json:"server"`
				Authority []byte `json:"certificate-authority-data"`
			} `json:"cluster"`
		} `json:"clusters"`
		Users []struct {
			User struct {
				Token string `json:"token"`
			} `json:"user"`
		} `json:"users"`
	}
	check("kubeconfig", json.Unmarshal(content, &config))
	cluster := config.Clusters[0].Cluster
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM(cluster.Authority)
	return &api{cluster.Server, config.Users[0].User.Token, &http.Client{
		Timeout:   2 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authorities}},
	}}
}

func (a *api) get(path string, into any) error {
	request, err := http.NewRequest(http.MethodGet, a.server+path, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+a.token)
	response, err := a.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
		return json.NewDecoder(response.Body).Decode(into)
	case http.StatusNotFound:
		return errNotFound
	default:
		return fmt.Errorf("%s: %s", path, response.Status)
	}
}

// clusterIP is "None" for a headless Service.
func (a *api) clusterIP(namespace, service string) (string, error) {
	var found struct {
		Spec struct {
			ClusterIP string `json:"clusterIP"`
		} `json:"spec"`
	}
	err := a.get(fmt.Sprintf("/api/v1/namespaces/%s/services/%s", namespace, service), &found)
	return found.Spec.ClusterIP, err
}

// endpoints are the ready ones; with a host only those of that name.
func (a *api) endpoints(namespace, service, host string) ([]net.IP, error) {
	var slices struct {
		Items []struct {
			Endpoints []struct {
				Addresses  []string `json:"addresses"`
				Hostname   string   `json:"hostname"`
				Conditions struct {
					Ready *bool `json:"ready"`
				} `json:"conditions"`
			} `json:"endpoints"`
		} `json:"items"`
	}
	path := "/apis/discovery.k8s.io/v1/namespaces/%s/endpointslices?labelSelector=kubernetes.io/service-name%%3D%s"
	if err := a.get(fmt.Sprintf(path, namespace, service), &slices); err != nil {
		return nil, err
	}
	var found []net.IP
	for _, slice := range slices.Items {
		for _, endpoint := range slice.Endpoints {
			ready := endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready
			if ready && (host == "" || host == endpoint.Hostname) {
				for _, address := range endpoint.Addresses {
					found = append(found, net.ParseIP(address))
				}
			}
		}
	}
	if len(found) == 0 {
		return nil, errNotFound
	}
	return found, nil
}
