-- Asks for one more try of what failed: a Job of a migration or check, or a release that was given up.
local os = require("os")
local status = obj.status or {}
local what = nil
for _, w in ipairs(status.waitingFor or {}) do
  if what == nil and (w.kind == "Migration" or w.kind == "Check") and w.reason ~= nil and w.release ~= nil then
    what = w.release .. "/" .. w.name
  end
end
local reason = nil
for _, c in ipairs(status.conditions or {}) do
  if c.type == "Stalled" and c.status == "True" then
    reason = c.reason
  end
end
if reason == "StartDeadlineExceeded" and status.candidate ~= nil then
  what = status.candidate.release .. "/-"
elseif reason == "GuardBroken" then
  -- The last time that the guard went back, and from what.
  for _, step in ipairs(status.recent or {}) do
    if step.cause == "Guard" and step.from ~= nil then
      what = step.from .. "/-"
    end
  end
end
if reason == nil or what == nil then
  error("Shop " .. obj.metadata.name .. ": its status names nothing that failed and can be tried again")
end
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["shop.emporium.dev/retry"] = what .. "@" .. os.date("!%Y-%m-%dT%XZ")
return obj
