package daemon

import (
	"testing"

	"quotad/quota"
)

func TestCrushIsOnThePlanWithItsProviderAlone(t *testing.T) {
	for _, c := range []struct {
		what, provider, model string
		want                  quota.Billing
	}{
		{"the plan by its name", "zai", "glm-5.3", quota.OnPlan},
		{"nothing is known", "", "", quota.OnPlan},
		{"a provider that the user named", "my-zai", "GLM-5.3", quota.OnPlan},
		{"the standard API of the same provider", "zhipuai", "glm-5.3", quota.PayPerToken},
		{"another provider", "openrouter", "z-ai/glm-5.3", quota.Elsewhere},
		{"another model", "anthropic", "claude-sonnet-4-6", quota.Elsewhere},
		{"another model, of whoever", "", "gpt-6", quota.Elsewhere},
	} {
		if got := (quota.Rules{}).Bill(quota.Event{Tool: crush, Endpoint: crushEndpoint(c.provider, c.model)}); got != c.want {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
}
