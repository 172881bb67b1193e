// Package conform checks a service of a shop against the contract of
// services/contract/v1, in whatever language it is written.
//
// A rule is decided in some modes only:
//
//	static  from the service's documents: openapi.json and conform.json
//	remote  on a service that runs, by reads alone: nothing is made or changed,
//	        so it may run against a candidate that shares the live database
//	local   on a process that the checker starts, with a PostgreSQL of its own,
//	        upstreams that it plays, SIGTERM and SIGKILL
//
// In any other mode the rule is "not decided here". Nothing is ever passed
// that was not seen: a rule passes when its check looked at an exchange or a
// document, and found nothing wrong.
package conform
