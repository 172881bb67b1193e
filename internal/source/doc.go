// Package source decides what a ShopSource needs in this moment. It is pure: Plan takes what was observed
// and the time, and returns at most one Job to create, the new status and one reason. It knows no client and no
// clock, and it remembers nothing, so a crash anywhere is healed by the next pass.
//
// A build is known by its commit, its inputs (what of the spec ends in it) and its attempt, and so is its Job's
// name: creating it twice creates it once. Each end of a Job is recorded once, whoever wrote last.
//
// The rows of the decision, first match first:
//
//	seen                                                wanted           reason
//	a Job that ended                                    its end recorded (and on)
//	spec.paused                                         what is there    Paused
//	a Job that runs, of whatever commit                 what is there    Building
//	a Secret missing or not granted, an image taken     what is there    InvalidSource
//	Git says that the spec is wrong                     what is there    InvalidSource
//	Git does not answer                                 what is there    GitUnreachable
//	the commit is the latest image, with these inputs   what is there    UpToDate
//	the commit changes none of spec.paths               latest kept      UpToDate
//	the commit failed, and nobody asked for more        what is there    BuildFailed, TestsFailed, PushFailed, OutOfMemory, TimedOut
//	its engine was lost three times                     what is there    EngineLost
//	its clone failed, Git being away from the engine    what is there    GitUnreachable, and again after a pause, six times in all
//	no Shop, another build in the slot, not its turn    what is there    Queued
//	otherwise                                           one Job          Building
//
// Newest commit wins: a build that runs is left to end, then the newest commit is built, and those between
// are skipped. Whatever fails, the latest image stands.
package source
