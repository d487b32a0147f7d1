module vibestack/tests/e2e/ops/kubernetes/crds

go 1.24.0

// No code: the definitions of the operators' kinds, as their modules ship them.
require (
	github.com/cert-manager/cert-manager v1.18.2
	github.com/cloudnative-pg/cloudnative-pg v1.27.0
	github.com/prometheus-operator/prometheus-operator v0.85.0
)
