// A Terraform provider that knows another provider's schema and keeps its objects nowhere.
//
// The tests run real Terraform on the project's real configuration. Some of its providers cannot be built from a
// package registry; for those this program takes their place. It reads the schema beside its own binary
// (schema.json, in the format of `terraform providers schema -json`), so that validation and planning see the
// real arguments. Where somebody offers to keep the objects (keeper.go), they are handed over. It must not know
// anything about the project.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	if binary, err = filepath.EvalSymlinks(binary); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(filepath.Dir(binary), "schema.json"))
	if err != nil {
		return err
	}
	var document providerSchema
	if err := json.Unmarshal(text, &document); err != nil {
		return fmt.Errorf("schema.json: %w", err)
	}
	schemas, err := document.convert()
	if err != nil {
		return fmt.Errorf("schema.json: %w", err)
	}
	return tf6server.Serve(document.Source, func() tfprotov6.ProviderServer {
		return &provider{name: filepath.Base(document.Source), schemas: schemas}
	})
}
