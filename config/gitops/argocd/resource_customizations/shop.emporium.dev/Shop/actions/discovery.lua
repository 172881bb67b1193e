-- The actions of a Shop: each is disabled where it would do nothing, or where Git holds the field and would put it back.
local spec = obj.spec or {}
local release = spec.release or {}
local status = obj.status or {}
local conditions = {}
for _, c in ipairs(status.conditions or {}) do
  conditions[c.type] = c
end
local function is(kind)
  return conditions[kind] ~= nil and conditions[kind].status == "True"
end

-- Where Git says what the field is, the next sync undoes an action: a commit is the way then.
local function gitHolds(path)
  for _, entry in ipairs(obj.metadata.managedFields or {}) do
    if entry.manager == "argocd-controller" or entry.manager == "kustomize-controller" then
      local fields = entry.fieldsV1
      for _, key in ipairs(path) do
        fields = (fields or {})[key]
      end
      if fields ~= nil then
        return true
      end
    end
  end
  return false
end
local pinHeld = gitHolds({"f:spec", "f:release", "f:active"})
local pauseHeld = gitHolds({"f:spec", "f:paused"})

local pinned = release.active ~= nil and release.active ~= ""
local paused = spec.paused == true
local candidate = (status.candidate or {}).release
local previous = (status.previous or {}).release

-- What failed is named by what is waited for; a release that was given up by the shop's last steps.
local function failed()
  if not is("Stalled") then
    return false
  end
  local waits = status.waitingFor or {}
  for _, w in ipairs(waits) do
    if (w.kind == "Migration" or w.kind == "Check") and w.reason ~= nil and w.release ~= nil then
      return true
    end
  end
  local reason = conditions["Stalled"].reason
  if reason == "StartDeadlineExceeded" then
    return candidate ~= nil and #waits == 0
  end
  if reason == "GuardBroken" then
    for _, step in ipairs(status.recent or {}) do
      if step.cause == "Guard" and step.from ~= nil then
        return true
      end
    end
  end
  return false
end

local actions = {}
actions["promote"] = {
  ["disabled"] = pinHeld or candidate == nil or not is("AwaitingApproval"),
  ["displayName"] = candidate ~= nil and "Approve " .. candidate or "Approve",
  ["iconClass"] = "fa fa-fw fa-check-circle",
}
actions["rollback"] = {
  ["disabled"] = pinHeld or previous == nil,
  ["displayName"] = previous ~= nil and "Go back to " .. previous or "Go back",
  ["iconClass"] = "fa fa-fw fa-undo",
}
actions["unpin"] = {
  ["disabled"] = pinHeld or not pinned,
  ["displayName"] = "Unpin",
  ["iconClass"] = "fa fa-fw fa-unlink",
}
actions["retry"] = {
  ["disabled"] = not failed(),
  ["displayName"] = "Try again",
  ["iconClass"] = "fa fa-fw fa-redo",
}
actions["pause"] = {
  ["disabled"] = pauseHeld or paused,
  ["displayName"] = "Pause",
  ["iconClass"] = "fa fa-fw fa-pause-circle",
}
actions["resume"] = {
  ["disabled"] = pauseHeld or not paused,
  ["displayName"] = "Resume",
  ["iconClass"] = "fa fa-fw fa-play-circle",
}
return actions
