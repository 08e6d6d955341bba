package hook

import (
	"strings"

	"quotad/quota"
)

// isGLM reports whether a model may be the plan's.
func isGLM(model string) bool { return strings.HasPrefix(quota.NormalModel(model), "glm-") }

// modelEndpoint is the endpoint of a tool that tells its model and not where
// that is served: another maker's is not the plan's.
func modelEndpoint(provider, model string) string {
	if model == "" || isGLM(model) {
		return ""
	}
	return ElsewhereURL(provider)
}
