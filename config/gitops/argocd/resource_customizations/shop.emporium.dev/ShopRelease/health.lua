-- What a ShopRelease's conditions mean to Argo CD, which shows it below its Shop. A release whose stack is gone is history, and
-- healthy as such: nothing is wrong with it.
local hs = {status = "Progressing", message = "the operator has not seen this release yet"}
if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return hs
end
local conditions = {}
for _, c in ipairs(obj.status.conditions or {}) do
  conditions[c.type] = c
end
local function is(kind)
  return conditions[kind] ~= nil and conditions[kind].status == "True"
end
local ready = conditions["Ready"]
if ready == nil then
  return hs
end
hs.message = ready.message
if is("Stalled") or is("Rejected") then
  hs.status = "Degraded"
elseif ready.reason == "AwaitingPromotion" or ready.reason == "Paused" then
  hs.status = "Suspended"
elseif is("Ready") or ready.reason == "Retired" then
  hs.status = "Healthy"
elseif is("Active") and is("Started") then
  -- It serves, and lost pods.
  hs.status = "Degraded"
end
return hs
