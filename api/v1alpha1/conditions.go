package v1alpha1

// ConditionType is the type of a condition of any of the kinds here.
type ConditionType string

const (
	// ConditionReady is True when what the spec asks for is what serves. On a
	// ShopService: when the release that serves holds it as it is, with its pods; on a
	// ShopRelease: when every service of its stack is ready at its floor.
	ConditionReady ConditionType = "Ready"
	// ConditionAvailable is True when customers are served: the front door names a
	// release, a replica of it is ready, and each service of the release has at least one
	// available pod; workers that have pods with traffic only do not count. Shop only.
	ConditionAvailable ConditionType = "Available"
	// ConditionReconciling is present, and True, only while the operator works
	// towards the spec. Never together with Stalled.
	ConditionReconciling ConditionType = "Reconciling"
	// ConditionStalled is present, and True, only when nothing goes on until
	// somebody changes something. The message says what.
	ConditionStalled ConditionType = "Stalled"
	// ConditionAwaitingApproval is present, and True, only while a candidate is ready and a person has to let
	// it serve. Nothing else is waited for, so that it is never together with Reconciling. Shop only.
	ConditionAwaitingApproval ConditionType = "AwaitingApproval"
	// ConditionPendingChanges is present, and True, only when services differ
	// from the release that spec.release.version or spec.release.active names. Shop and ShopService.
	ConditionPendingChanges ConditionType = "PendingChanges"
	// ConditionStarted is True once every service of a release was ready. ShopRelease only.
	ConditionStarted ConditionType = "Started"
	// ConditionChecked is True once every check of a release succeeded, False while some run or failed,
	// and absent where spec.release.checks names none. ShopRelease only.
	ConditionChecked ConditionType = "Checked"
	// ConditionRejected is present, and True, once the guard went back from the release.
	// It is not promoted again until it is retried. ShopRelease only.
	ConditionRejected ConditionType = "Rejected"
	// ConditionActive is True while the front door names the release. ShopRelease only.
	ConditionActive ConditionType = "Active"
	// ConditionImagesPinned is True when every image of a release is named by a digest, or its
	// digest is recorded. False: pods that start later may run another program. ShopRelease only.
	ConditionImagesPinned ConditionType = "ImagesPinned"
)

// Reason says why a shop is in the state that it is in. It is the STATUS column
// of `kubectl get shop` and the reason of its conditions.
type Reason string

// The reasons, in the order in which a release meets them.
const (
	// ReasonInstalling: nothing serves yet, the first release is starting.
	ReasonInstalling Reason = "Installing"
	// ReasonSettling: services changed and have not been quiet for spec.release.settle.
	ReasonSettling Reason = "Settling"
	// ReasonBuilding: a ShopSource that services of the shop name builds, and its image may be part of the next release.
	// On a ShopSource: a commit is built, tested and pushed.
	ReasonBuilding Reason = "Building"
	// ReasonMigrating: the migrations of the candidate's services run.
	ReasonMigrating Reason = "Migrating"
	// ReasonStarting: the candidate's services are not all ready yet.
	ReasonStarting Reason = "Starting"
	// ReasonChecking: the candidate is ready and its checks run.
	ReasonChecking Reason = "Checking"
	// ReasonAwaitingPromotion: the candidate is ready and spec.release.promotion is Manual.
	ReasonAwaitingPromotion Reason = "AwaitingPromotion"
	// ReasonSwitching: the front door names the release, not every replica confirmed it yet.
	ReasonSwitching Reason = "Switching"
	// ReasonRollbackWindow: the previous stack is kept for a way back.
	ReasonRollbackWindow Reason = "RollbackWindow"
	// ReasonWaitingForRollbackWindow: a newer release waits until the previous stack is gone.
	ReasonWaitingForRollbackWindow Reason = "WaitingForRollbackWindow"
	// ReasonServing: what the spec asks for is what serves, and nothing else runs.
	ReasonServing Reason = "Serving"
	// ReasonStartDeadlineExceeded: the candidate was not ready within spec.release.startDeadline.
	ReasonStartDeadlineExceeded Reason = "StartDeadlineExceeded"
	// ReasonMigrationFailed: a migration of the candidate failed; its Job is there to be looked at.
	ReasonMigrationFailed Reason = "MigrationFailed"
	// ReasonCheckFailed: a check of the candidate failed; its Job is there to be looked at.
	ReasonCheckFailed Reason = "CheckFailed"
	// ReasonGuardBroken: the new release broke spec.release.guard; the one before it serves again.
	ReasonGuardBroken Reason = "GuardBroken"
	// ReasonInvalidServices: the services cannot make a release together.
	ReasonInvalidServices Reason = "InvalidServices"
	// ReasonQuotaExceeded: the namespace's quota has no room for the candidate.
	ReasonQuotaExceeded Reason = "QuotaExceeded"
	// ReasonRollbackRefused: the release that spec.release.active names cannot serve.
	ReasonRollbackRefused Reason = "RollbackRefused"
	// ReasonFrontDoorUnavailable: customers cannot get in, or a replica of the front door does not follow a
	// switch: its pods do not start, or the cluster does not serve what spec.frontDoor.type needs.
	ReasonFrontDoorUnavailable Reason = "FrontDoorUnavailable"
	// ReasonPaused: spec.paused is true; nothing is changed.
	ReasonPaused Reason = "Paused"
	// ReasonDeleting: the Shop is being deleted, and something holds its object. Nothing of it is healed any
	// more. Shop only.
	ReasonDeleting Reason = "Deleting"
	// ReasonDegraded: the active release serves with less than it asks for.
	ReasonDegraded Reason = "Degraded"
	// ReasonApplyFailed: Kubernetes answers a write or a read with an error that is neither a refusal
	// nor the user's: a webhook that is away, an overloaded API server. It is tried again within a minute.
	ReasonApplyFailed Reason = "ApplyFailed"
	// ReasonForeignObject: an object of a name that the operator needs belongs to somebody else.
	ReasonForeignObject Reason = "ForeignObject"
	// ReasonUnknownShop: a ShopService names a Shop that does not exist. ShopService only.
	ReasonUnknownShop Reason = "UnknownShop"
	// ReasonNotAllowed: a ShopService names a Shop whose annotation does not name it. ShopService only.
	ReasonNotAllowed Reason = "NotAllowed"
	// ReasonReleasing: a release with the change of a ShopService is on its way. ShopService only. Of a
	// service that was ready it is written after 15 s; until then its observedGeneration is behind.
	ReasonReleasing Reason = "Releasing"
	// ReasonNotReleased: a ShopService is in no release yet. ShopService only.
	ReasonNotReleased Reason = "NotReleased"
	// ReasonRetired: the stack of a release was deleted. ShopRelease only.
	ReasonRetired Reason = "Retired"
	// ReasonPinned: every image of a release is known by its digest. ShopRelease only.
	ReasonPinned Reason = "Pinned"
	// ReasonUnresolvedTags: images of a release are tags, and no registry said what they name. ShopRelease only.
	ReasonUnresolvedTags Reason = "UnresolvedTags"
	// ReasonImagesDiffer: pods of one service of a release run different images, because its tag was moved. ShopRelease only.
	ReasonImagesDiffer Reason = "ImagesDiffer"
	// ReasonSignatureMissing: spec.release.verify asks for signatures, and images of the release have none that fits.
	ReasonSignatureMissing Reason = "SignatureMissing"
	// ReasonUpToDate: the branch's newest commit is the latest image. ShopSource only, as are all that follow.
	ReasonUpToDate Reason = "UpToDate"
	// ReasonQueued: a commit waits for its turn, behind other builds of its slot, or for a Shop in the namespace.
	ReasonQueued Reason = "Queued"
	// ReasonBuildFailed: the image could not be built.
	ReasonBuildFailed Reason = "BuildFailed"
	// ReasonTestsFailed: the test stage failed. The image was not pushed.
	ReasonTestsFailed Reason = "TestsFailed"
	// ReasonPushFailed: the registry did not take the image.
	ReasonPushFailed Reason = "PushFailed"
	// ReasonOutOfMemory: the build or its tests needed more than spec.resources.limits.memory.
	ReasonOutOfMemory Reason = "OutOfMemory"
	// ReasonEngineLost: the build's engine or pod was lost three times.
	ReasonEngineLost Reason = "EngineLost"
	// ReasonTimedOut: the build took longer than spec.timeout.
	ReasonTimedOut Reason = "TimedOut"
	// ReasonGitUnreachable: Git did not say what the branch's commit is. It is asked again each interval.
	ReasonGitUnreachable Reason = "GitUnreachable"
	// ReasonInvalidSource: the spec names what is not there, not allowed, or another source's.
	ReasonInvalidSource Reason = "InvalidSource"
)

// Stalls tells whether a reason means that nothing goes on until somebody changes something.
func (r Reason) Stalls() bool {
	switch r {
	case ReasonStartDeadlineExceeded, ReasonMigrationFailed, ReasonCheckFailed, ReasonGuardBroken,
		ReasonInvalidServices, ReasonQuotaExceeded, ReasonRollbackRefused, ReasonForeignObject, ReasonFrontDoorUnavailable,
		ReasonSignatureMissing, ReasonBuildFailed, ReasonTestsFailed, ReasonPushFailed, ReasonOutOfMemory, ReasonEngineLost,
		ReasonTimedOut, ReasonInvalidSource:
		return true
	}
	return false
}
