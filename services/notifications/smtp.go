package notifications

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/smtp"
	"net/url"
)

// hand gives one mail to a server. When it returns nil, the server has accepted it.
func hand(conn net.Conn, u *url.URL, from, to string, message []byte) error {
	c, err := smtp.NewClient(conn, u.Hostname())
	if err != nil {
		return fmt.Errorf("greeting the mail server: %w", err)
	}
	if offered, _ := c.Extension("STARTTLS"); offered {
		if err := c.StartTLS(&tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}); err != nil {
			return fmt.Errorf("beginning TLS with the mail server: %w", err)
		}
	}
	if password, set := u.User.Password(); set {
		if err := c.Auth(smtp.PlainAuth("", u.User.Username(), password, u.Hostname())); err != nil {
			return fmt.Errorf("logging in to the mail server: %w", err)
		}
	}
	if err := c.Mail(from); err != nil {
		return fmt.Errorf("naming the sender to the mail server: %w", err)
	}
	if err := c.Rcpt(to); err != nil {
		return errRefused // not the cause: servers repeat the address
	}
	w, err := c.Data()
	if err == nil {
		_, err = w.Write(message)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return fmt.Errorf("handing a mail to the mail server: %w", err)
	}
	_ = c.Quit() // it has the mail
	return nil
}
