// Package samples holds config/samples to what the services need of them: roles
// and schemas as the scripts make them, and connections for everybody.
package samples
