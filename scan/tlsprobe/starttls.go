package tlsprobe

import (
	"context"

	"certaudit/scan"
)

// startTLS speaks the endpoint's protocol up to the point where TLS begins. It
// does nothing where TLS begins with the first byte.
func (v *visit) startTLS(ctx context.Context, c *conn) *failure {
	if v.target.StartTLS == "" {
		return nil
	}
	return &failure{stage: scan.StageStartTLS, reason: scan.ReasonUnsupported, alert: -1, detail: v.target.StartTLS}
}
