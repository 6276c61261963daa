package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

func (x *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  argCount(0, 0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			if x.json {
				x.printJSON(map[string]string{"version": x.Version, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH})
				return nil
			}
			fmt.Fprintf(x.Out, "afina %s (%s, %s/%s)\n", x.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
}
