package browser

import (
	"regexp"

	"github.com/emporium-shop/emporium/services/internal/smtptest"
)

var accountLink = regexp.MustCompile(`https?://\S+(/account/confirm\?token=\S+)`)

// linkTo is the path of the link that somebody got; empty before the mail comes.
func linkTo(mails *smtptest.Server, to string) string {
	for _, mail := range mails.Read(to) {
		if found := accountLink.FindStringSubmatch(mail); found != nil {
			return found[1]
		}
	}
	return ""
}
