// Draws with the client that oapi-codegen made.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"log"
	"net/http"
	"os"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func of[T any](value T) *T { return &value }

func main() {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(must(os.ReadFile(os.Getenv("QRNG_CA_FILE"))))
	over := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	key := func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+os.Getenv("QRNG_API_KEY"))
		return nil
	}
	client := must(NewClientWithResponses(os.Getenv("QRNG_URL"), WithHTTPClient(over), WithRequestEditorFn(key)))
	ctx := context.Background()
	limit := int64(1<<53 - 1)
	binary := GetRandomParams{Bytes: of(int64(1000)), Encoding: of(Binary)}
	numbers := GetIntegersParams{Count: of(int64(6)), Min: of(-limit), Max: &limit, Unique: of(True)}
	blocks := BlocksRequest{BlockSize: 32, BlockCount: of(int64(2))}
	refused := must(client.GetFloatsWithResponse(ctx, &GetFloatsParams{Count: of(int64(0))})).ApplicationproblemJSON400
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"hex":      string(must(client.GetRandomWithResponse(ctx, &GetRandomParams{})).Body),
		"bytes":    len(must(client.GetRandomWithResponse(ctx, &binary)).Body),
		"floats":   must(client.GetFloatsWithResponse(ctx, &GetFloatsParams{Count: of(int64(100))})).JSON200,
		"integers": must(client.GetIntegersWithResponse(ctx, &numbers)).JSON200,
		"capacity": must(client.GetStatusWithResponse(ctx)).JSON200.Pool.Capacity,
		"blocks":   must(client.PostEntropyWithResponse(ctx, &PostEntropyParams{}, blocks)).JSON200.Entropy,
		"refused":  []any{refused.Status, (*refused.Errors)[0].Name},
	})
}
