// Package plan decides what a shop needs in this moment. It is pure: Plan takes
// what was observed and the time, and returns the full desired set with one
// reason. It knows no client and no Kubernetes object, and it remembers nothing, so
// a crash anywhere is healed by the next pass.
//
// The rows of the decision, first match first:
//
//	seen                                             wanted                      reason
//	paused                                           what is there               Paused
//	the cluster cannot serve the front door          what is there               FrontDoorUnavailable
//	services invalid together                        what is there               InvalidServices
//	active broke the guard, inside its window        both + the front door names the previous one   GuardBroken
//	the pin names nothing that can serve             what is there               RollbackRefused
//	content changed, not yet quiet                   what is there               Settling
//	target was rejected by the guard                 what is there               GuardBroken
//	target is from before an irreversible migration  what is there               RollbackRefused
//	newer content inside a rollback window           both; the newest waits      RollbackWindow
//	target's stack still runs as the previous one    the front door names it     Switching
//	the active stack finds no room for its pods      active                      QuotaExceeded
//	a quota has not enough left for the candidate    active                      QuotaExceeded
//	migrations of the candidate not all done         active + Jobs               Migrating, MigrationFailed
//	nothing serves, candidate not ready              candidate                   Installing
//	Kubernetes refuses the candidate's pods          active + candidate          QuotaExceeded
//	candidate not ready, before the deadline         active + candidate          Starting
//	the same, after it                               active + candidate, later active   StartDeadlineExceeded
//	ready, checks not all passed                     active + candidate + Jobs   Checking, CheckFailed
//	ready, promotion Manual and not named            active + candidate          AwaitingPromotion
//	ready and wanted                                 both + the front door names the candidate   Switching
//	switched, not confirmed by every replica         both                        Switching
//	confirmed; services with traffic only start      both                        Switching
//	confirmed, inside the rollback window            both                        RollbackWindow
//	active below its floor                           active                      Degraded
//	otherwise                                        active                      Serving
//
// At most two stacks of a shop run at a time. The front door is only ever
// written to a release whose every service is ready at its floor.
package plan
